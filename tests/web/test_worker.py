import errno
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from jcarsr.errors import MemoryLimitError, PixelLimitError, StorageError, WeightsError
from jcarsr.web.worker import _http_status

SETTINGS = {
    "max_pixels": 4000,
    "max_memory": 2**31,
    "warm": False,
    "engine": {"engine": "onnx", "threads": 1},
}


def run(*lines: dict[str, Any], **settings: Any) -> tuple[list[dict[str, Any]], str]:
    """What a process answers to these lines, and its standard error."""
    ended = subprocess.run(
        [sys.executable, "-m", "jcarsr.web.worker", json.dumps(SETTINGS | settings)],
        input="".join(json.dumps(line) + "\n" for line in lines),
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert ended.returncode == 0, ended.stderr
    return [json.loads(line) for line in ended.stdout.splitlines()], ended.stderr


def test_tasks_and_their_answers(tmp_path: Path, jpeg: Callable[..., bytes]) -> None:
    """A line each, after an error too; no line tells a path."""
    good, large, broken = (tmp_path / name for name in ("good", "large", "broken"))
    good.write_bytes(jpeg(size=(40, 32)))
    large.write_bytes(jpeg(size=(80, 60)))  # more pixels than allowed
    broken.write_bytes(jpeg(size=(40, 32))[:-20])

    def task(kind: str, source: Path, **more: Any) -> dict[str, Any]:
        return {"task": kind, "source": str(source), "scale": 2, "weights": "auto", **more}

    def enlarge(result: Path) -> dict[str, Any]:
        said = {"task": "Enlarge", "source": str(good), "result": str(result)}
        return {**said, "width": 8, "height": 8}

    nowhere = tmp_path / "nowhere" / "a.png"
    said, log = run(
        task("Inspect", good),
        task("Inspect", large),
        task("Inspect", broken),  # reads the header, which is whole
        task("Inspect", Path(__file__)),
        task("Inspect", good, weights="large"),
        task("Restore", broken, result=str(tmp_path / "a.png")),
        task("Restore", good, result=str(tmp_path / "a.png")),
        enlarge(nowhere),
        enlarge(tmp_path / "b.png"),
        warm=True,
    )
    told = [(event.get("status"), event.get("detail", event["event"])) for event in said]
    assert told == [
        (None, "ready"),
        (None, "done"),
        (413, "more than the 4,000 pixels allowed"),
        (None, "done"),
        (422, "not a picture that can be read"),
        (422, "the large network is not trained yet for scale 2"),
        (422, told[6][1]),
        (None, "progress"),
        (None, "done"),
        (500, "unexpected FileNotFoundError"),
        (None, "done"),
    ]
    assert told[6][1] == "cannot be decoded (truncated) (salvage=true restores what there is)"
    assert said[1]["answer"]["width"] == 40
    assert said[7] == {"event": "progress", "done": 1, "total": 1}
    assert log.count("Traceback") == 1  # of what nobody expected, and there with the path
    assert str(nowhere) in log
    sizes = {"a.png": (80, 64), "b.png": (8, 8)}
    for name, size in sizes.items():
        with Image.open(tmp_path / name) as image:
            assert image.size == size


def test_what_libraries_print_is_no_answer() -> None:
    """It is for the log, and Pillow's own limit is ours by then."""
    script = f"""
import os, sys
from PIL import Image
from jcarsr.web import worker
sys.argv = ["worker", {json.dumps(json.dumps(SETTINGS))}]
ready = worker.WorkerSettings.performer
def performer(settings):
    print("from Python", flush=True)
    os.write(1, b"from C\\n")
    print("Pillow takes", Image.MAX_IMAGE_PIXELS, flush=True)
    return ready(settings)
worker.WorkerSettings.performer = performer
worker.main()
"""
    ended = subprocess.run(
        [sys.executable, "-c", script], stdin=subprocess.DEVNULL, capture_output=True, text=True
    )
    assert [json.loads(line) for line in ended.stdout.splitlines()] == [{"event": "ready"}]
    assert ended.stderr == "from Python\nfrom C\nPillow takes 4000\n"


def test_settings_that_cannot_be_run() -> None:
    said, _ = run(warm=True, engine={"engine": "onnx", "precision": "bfloat16"})
    assert said == [
        {"event": "failed", "status": 500, "detail": "engine onnx computes in float32 or int8"}
    ]


@pytest.mark.parametrize(
    ("error", "status", "detail"),
    [
        (StorageError("cannot be written (No space left on device)"), 503, "disk is full"),
        (OSError(errno.ENOSPC, "No space left on device"), 503, "disk is full"),
        (OSError(errno.EBADF, "Bad file descriptor"), 500, "unexpected OSError"),
        (PixelLimitError("too many"), 413, "more than the 2,500 pixels allowed"),
        (MemoryLimitError("needs 4 GiB"), 413, "needs 4 GiB"),
        (MemoryError(), 413, "not enough memory"),
        (WeightsError("of two\n  lines"), 422, "of two lines"),
        (KeyError("/secret/path"), 500, "unexpected KeyError"),
    ],
)
def test_status(error: Exception, status: int, detail: str) -> None:
    told = _http_status(error, 2500)
    assert told[0] == status
    assert told[1].endswith(detail)
