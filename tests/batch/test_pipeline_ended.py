import errno
import os
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from support.batch import X2, restored

from jcarsr.batch.ledger import FILE_NAME, Entry, Ledger
from jcarsr.batch.pipeline import run_jobs
from jcarsr.batch.plan import plan_jobs
from jcarsr.batch.worker import LedgerWorker, Outcome
from jcarsr.errors import ImageError, LedgerError, StorageError
from jcarsr.pixels import Pixels
from jcarsr.restoring.outputs import Kind, output_paths

DRIVER = Path(__file__).with_name("driver.py")
BOTH: tuple[Kind, ...] = ("picture", "gradient")


@pytest.fixture
def pictures(tmp_path: Path) -> dict[str, Pixels]:
    """Thirty small pictures in the folder `in`: name of the result -> what it shall be."""
    return make_pictures(tmp_path / "in", 30)


def make_pictures(folder: Path, count: int) -> dict[str, Pixels]:
    folder.mkdir()
    made: dict[str, Pixels] = {}
    for number in range(count):
        pixels = np.random.default_rng(number).integers(0, 256, (24, 27, 3), np.uint8)
        Image.fromarray(pixels).save(folder / f"{number:02}.png")
        made[f"{number:02}_x2.png"] = pixels.repeat(2, 0).repeat(2, 1)
    return made


def entries(out: Path) -> list[Entry]:
    with Ledger(out) as ledger:
        return ledger.entries()


def check_results(out: Path, expected: dict[str, Pixels]) -> None:
    """Exactly these files, complete, no other; all of them done."""
    found = {path.relative_to(out).as_posix() for path in out.rglob("*") if not path.is_dir()}
    assert found == {*expected, FILE_NAME}
    for name, pixels in expected.items():
        with Image.open(out / name) as image:
            np.testing.assert_array_equal(np.array(image), pixels)
    assert {entry.target: entry.state for entry in entries(out)} == dict.fromkeys(expected, "done")


def drive(*arguments: object) -> str:
    command = [sys.executable, "-W", "error", DRIVER, *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return done.stdout


class TestKilled:
    def test_at_any_moment(
        self, tmp_path: Path, pictures: dict[str, Pixels], networks: Any
    ) -> None:
        """Four runs that make results, then four that replace them by those of other weights."""
        out = tmp_path / "out"
        assert drive("kills", tmp_path / "in", out, "nearest", 4, 1) == "4\n"
        outcomes = restored(tmp_path / "in", out, networks)
        assert {outcome.state for outcome in outcomes} == {"done", "skipped"}
        check_results(out, pictures)

        networks.weights = "mirror"
        assert drive("kills", tmp_path / "in", out, "mirror", 4, 2) == "4\n"
        outcomes = restored(tmp_path / "in", out, networks)
        assert {outcome.state for outcome in outcomes} == {"done", "skipped"}
        check_results(out, {name: pixels[:, ::-1] for name, pixels in pictures.items()})
        assert {outcome.state for outcome in restored(tmp_path / "in", out, networks)} == {
            "skipped"
        }

    @pytest.mark.parametrize("replacing", [False, True])
    def test_before_each_step_of_a_result(
        self, tmp_path: Path, networks: Any, replacing: bool
    ) -> None:
        """Before it is pending, before it gets its name, before it is done."""
        ((name, old),) = make_pictures(tmp_path / "in", 1).items()
        new, out = old[:, ::-1], tmp_path / "out"
        assert drive("dies", tmp_path / "in", out, 3, False, replacing) == "3\n"
        networks.weights = "mirror"
        states = [(), ("pending",), ("pending",)]
        if replacing:
            states[0] = ("done",)
        for step in range(3):
            folder = out / str(step)
            assert tuple(entry.state for entry in entries(folder)) == states[step]
            standing = new if step == 2 else old if replacing else None
            assert (folder / name).exists() == (standing is not None)
            if standing is not None:
                with Image.open(folder / name) as image:
                    np.testing.assert_array_equal(np.array(image), standing)
            (outcome,) = restored(tmp_path / "in", folder, networks)
            assert (outcome.state, outcome.error) == ("skipped" if step == 2 else "done", None)
            check_results(folder, {name: new})

    @pytest.mark.parametrize("replacing", [False, True])
    def test_before_each_step_of_a_result_with_its_gradient_map(
        self, tmp_path: Path, networks: Any, replacing: bool
    ) -> None:
        ((name, old),) = make_pictures(tmp_path / "in", 1).items()
        out = tmp_path / "out"
        assert drive("dies", tmp_path / "in", out, 6, True, replacing) == "6\n"
        networks.weights = "mirror"
        restored(tmp_path / "in", tmp_path / "never died", networks, BOTH)
        map_name = output_paths(Path(name), BOTH)["gradient"].name
        with Image.open(tmp_path / "never died" / map_name) as image:
            new_map = np.array(image)
        for step in range(6):
            folder = out / str(step)
            (outcome,) = restored(tmp_path / "in", folder, networks, BOTH)
            assert (outcome.state, outcome.error) == ("skipped" if step == 5 else "done", None)
            check_results(folder, {name: old[:, ::-1], map_name: new_map})


class TestDiskFull:
    @pytest.fixture
    def full(self, monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
        """Files arrive on disk seven times and then no more."""
        fsync, left = os.fsync, list(range(7))

        def sync(file: int) -> None:
            if stat.S_ISDIR(os.fstat(file).st_mode):
                return fsync(file)
            if not left:
                raise OSError(errno.ENOSPC, "No space left on device")
            left.pop()
            fsync(file)

        monkeypatch.setattr(os, "fsync", sync)
        return monkeypatch

    def test_run_ends_and_the_next_goes_on(
        self,
        tmp_path: Path,
        pictures: dict[str, Pixels],
        networks: Any,
        full: pytest.MonkeyPatch,
    ) -> None:
        out = tmp_path / "out"
        with pytest.raises(StorageError, match=r"out/\d\d_x2.png: .*No space left"):
            restored(tmp_path / "in", out, networks)
        standing = sorted(path.name for path in out.iterdir() if path.name != FILE_NAME)
        assert len(standing) == 7
        check = {name: pictures[name] for name in standing}
        done = [entry.target for entry in entries(out) if entry.state == "done"]
        assert sorted(done) == standing
        for name, pixels in check.items():
            with Image.open(out / name) as image:
                np.testing.assert_array_equal(np.array(image), pixels)
        full.undo()
        states = [outcome.state for outcome in restored(tmp_path / "in", out, networks)]
        assert (states.count("skipped"), states.count("done")) == (7, 23)
        check_results(out, pictures)

    def test_ledger_that_finds_no_space_ends_the_run_too(
        self,
        tmp_path: Path,
        pictures: dict[str, Pixels],
        networks: Any,
    ) -> None:
        out = tmp_path / "out"
        plan = plan_jobs([tmp_path / "in"], out, size="x2", format=None)
        told: list[Outcome] = []
        with Ledger(out) as ledger:
            ledger._database.execute("PRAGMA max_page_count = 4")  # pyright: ignore
            with pytest.raises(LedgerError, match=r"cannot be written \(.*full\)"):
                told.extend(run_jobs(LedgerWorker(networks, X2, ledger), plan.jobs))
        assert 0 < len(told) < 30
        assert not [path for path in out.iterdir() if path.name.startswith(".")]
        states = [outcome.state for outcome in restored(tmp_path / "in", out, networks)]
        assert states.count("skipped") >= len(told)
        assert states.count("skipped") + states.count("done") == 30
        check_results(out, pictures)


def test_bad_files_among_good_ones(
    tmp_path: Path, pictures: dict[str, Pixels], networks: Any
) -> None:
    for number in (3, 4, 17):
        (tmp_path / "in" / f"{number:02}.png").write_bytes(b"no picture")
        del pictures[f"{number:02}_x2.png"]
    outcomes = restored(tmp_path / "in", tmp_path / "out", networks)
    assert [n for n, outcome in enumerate(outcomes) if outcome.state == "failed"] == [3, 4, 17]
    assert all(outcome.error is None for outcome in outcomes if outcome.state == "done")
    for name, pixels in pictures.items():
        with Image.open(tmp_path / "out" / name) as image:
            np.testing.assert_array_equal(np.array(image), pixels)


def test_error_of_the_network_costs_one_file(
    tmp_path: Path, pictures: dict[str, Pixels], networks: Any
) -> None:
    calls = 0

    def before() -> None:
        nonlocal calls
        calls += 1
        if calls == 5:
            raise ImageError("for the test")
        if calls == 6:
            raise MemoryError

    networks.before = before
    outcomes = restored(tmp_path / "in", tmp_path / "out", networks)
    errors = {n: outcome.error for n, outcome in enumerate(outcomes) if outcome.error}
    assert errors == {4: "for the test", 5: "not enough memory"}
