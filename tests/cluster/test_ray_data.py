"""`jcarsr batch` on a Ray cluster of this computer: skipped where Ray is not installed."""

import io
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from jcarsr import Restorer
from jcarsr.pixels import Pixels

pytest.importorskip("ray")
psutil = pytest.importorskip("psutil")
pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("default")]


def batch(*words: object) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "jcarsr", "batch", *map(str, words), "--json"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | {"OMP_NUM_THREADS": "1"},
    )


def ended(process: subprocess.Popen[str]) -> tuple[int, dict[str, dict[str, Any]], str]:
    """Exit code, outcomes by their sources, and what was said on standard error."""
    out, err = process.communicate()
    outcomes = [json.loads(line) for line in out.splitlines()]
    found = {outcome["source"]: outcome for outcome in outcomes}
    assert len(found) == len(outcomes), "an input has two outcomes"
    return process.returncode, found, err


def is_worker(process: Any, run: int) -> bool:
    """Whether a process is a worker of a run: a child of the child that Ray starts for it."""
    try:
        above = [parent.pid for parent in process.parents()]
        return run in above and "RowWorker" in " ".join(process.cmdline())
    except psutil.Error:
        return False


def states(outcomes: dict[str, dict[str, Any]]) -> dict[str, int]:
    found = [outcome["state"] for outcome in outcomes.values()]
    return {state: found.count(state) for state in set(found)}


def fill(folder: Path, photo: Pixels, count: int) -> None:
    folder.mkdir()
    for number in range(count):
        piece = photo[number : number + 20, 2 * number : 2 * number + 30]
        Image.fromarray(piece).save(folder / f"{number:02}.jpg", quality=30)
    (folder / "broken.jpg").write_bytes(b"no picture")


def test_folder_with_a_killed_worker_and_a_killed_run(
    tmp_path: Path, photo: Pixels, tiny_weights: Path
) -> None:
    source, out = tmp_path / "in", tmp_path / "out"
    fill(source, photo, 60)
    words = [source, "-o", out, "--weights", tiny_weights, "--workers", 2]
    with batch(*words) as running:
        while len(list(out.glob("*.png"))) < 5:
            assert running.poll() is None, running.communicate()
            time.sleep(0.05)
        running.send_signal(signal.SIGKILL)
    stood = {path: path.stat().st_mtime_ns for path in out.glob("*.png")}

    with batch(*words) as running:
        while len(list(out.glob("*.png"))) <= len(stood):
            assert running.poll() is None, running.communicate()
            time.sleep(0.05)
        workers = [each for each in psutil.process_iter() if is_worker(each, running.pid)]
        assert workers
        workers[0].kill()
        code, outcomes, err = ended(running)
    assert code == 1, err
    assert len(outcomes) == 61
    assert set(states(outcomes)) <= {"done", "skipped", "failed"}
    assert states(outcomes)["failed"] == 1
    assert "broken.jpg: not a picture that can be read" in err
    assert len(list(out.glob("*.png"))) == 60
    assert stood.items() <= {p: p.stat().st_mtime_ns for p in out.glob("*.png")}.items()
    expected, _ = Restorer(str(tiny_weights)).restore_bytes((source / "07.jpg").read_bytes())
    assert (out / "07_x2.png").read_bytes() == expected

    (source / "broken.jpg").unlink()
    code, outcomes, err = ended(batch(*words))
    assert (code, states(outcomes)) == (0, {"skipped": 60}), err


def test_parquet_with_keys(tmp_path: Path, photo: Pixels, tiny_weights: Path) -> None:
    pyarrow: Any = pytest.importorskip("pyarrow")
    parquet: Any = pytest.importorskip("pyarrow.parquet")
    pictures: list[bytes] = []
    for number in range(6):
        file = io.BytesIO()
        Image.fromarray(photo[number : number + 20, :30]).save(file, "JPEG")
        pictures.append(file.getvalue())
    pictures[4] = b"no picture"
    table = pyarrow.table({"id": ["a/0", "1", "2", "3", "4", "3"], "image": pictures})
    parquet.write_table(table, tmp_path / "t.parquet")
    out = tmp_path / "out"
    words = [tmp_path / "t.parquet", "-o", out, "--key", "id", "--weights", tiny_weights]
    code, outcomes, err = ended(batch(*words))
    assert code == 1, err
    assert states(outcomes) == {"done": 3, "failed": 2}
    assert outcomes["3"]["error"] == "its key is that of several rows"
    expected, _ = Restorer(str(tiny_weights)).restore_bytes(pictures[0])
    assert (out / "a" / "0_x2.png").read_bytes() == expected
