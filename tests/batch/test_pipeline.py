import errno
import os
import stat
import subprocess
import sys
import threading
import tracemalloc
import weakref
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from PIL import Image

from jcarsr.batch.decide import Decision
from jcarsr.batch.ledger import FILE_NAME, Entry, Ledger
from jcarsr.batch.pipeline import run_jobs
from jcarsr.batch.plan import Job, Refused, plan_jobs
from jcarsr.batch.worker import LARGE, Outcome, Read, Worker
from jcarsr.errors import ImageError, JCARSRError, LedgerError, StorageError
from jcarsr.pixels import Pixels
from jcarsr.restoring.outputs import Kind, output_paths
from jcarsr.restoring.settings import Settings
from jcarsr.restoring.target import Target

WAIT = 10  # seconds after which an event that should have come is missing
DRIVER = Path(__file__).with_name("driver.py")
X2 = Settings(target=Target(scale=2))
BOTH: tuple[Kind, ...] = ("picture", "gradient")


class Stub:
    """A worker without pictures; `on_...` are told the number of the job."""

    def __init__(self, size: tuple[int, int] = (1, 1), data: int = 0) -> None:
        self.size, self.data = size, data
        self.on_read: Callable[[int], None] = lambda number: None
        self.on_restore: Callable[[int], None] = lambda number: None
        self.on_write: Callable[[int], None] = lambda number: None

    def read(self, job: Job) -> Read | Outcome:
        self.on_read(number_of(job))
        return Read(
            job=job,
            data=bytes(self.data),
            sha256="",
            decisions={"picture": Decision(skip=False)},
            picture=None,
            seconds=0,
        )

    def restore(self, read: Read, on_tile: Any) -> Any:
        self.on_restore(number_of(read.job))
        on_tile(1, 1)
        restored = SimpleNamespace(first=SimpleNamespace(size=self.size))
        return SimpleNamespace(job=read.job, restored=restored, data=read)

    def write(self, result: Any) -> Outcome:
        self.on_write(number_of(result.job))
        return Outcome(source=result.job.source, target=result.job.target, state="done")

    def failed(self, job: Job | Refused, error: Exception) -> Outcome:
        return Outcome(source=job.source, state="failed", error=str(error))


def jobs(count: int) -> list[Job | Refused]:
    return [Job(Path(str(number)), Path("out", str(number))) for number in range(count)]


def number_of(job: Job | Refused) -> int:
    return int(job.source.name)


def run(stub: Stub, todo: list[Job | Refused]) -> Iterator[Outcome]:
    return run_jobs(stub, todo)  # type: ignore[arg-type]


def numbers(outcomes: Iterator[Outcome]) -> list[int]:
    return [int(outcome.source.name) for outcome in outcomes]


class TestOrder:
    def test_outcomes_come_in_the_order_of_the_jobs(self) -> None:
        """Though the first is written last."""
        stub, second_written = Stub(), threading.Event()

        def write(number: int) -> None:
            if number == 0:
                assert second_written.wait(WAIT)
            elif number == 1:
                second_written.set()

        stub.on_write = write
        assert numbers(run(stub, jobs(20))) == list(range(20))

    def test_refused_and_skipped_ones_keep_their_place(self) -> None:
        class Skipping(Stub):
            def read(self, job: Job) -> Read | Outcome:
                if number_of(job) % 3 == 0:
                    return Outcome(source=job.source, state="skipped")
                return super().read(job)

        todo = jobs(9)
        todo[4] = Refused(Path("4"), "no")
        outcomes = list(run(Skipping(), todo))
        assert [outcome.state for outcome in outcomes] == [
            "skipped" if n % 3 == 0 else "failed" if n == 4 else "done" for n in range(9)
        ]
        assert [int(outcome.source.name) for outcome in outcomes] == list(range(9))

    def test_nothing_to_do(self) -> None:
        assert list(run(Stub(), [])) == []

    def test_tiles_are_told(self) -> None:
        told: list[tuple[int, int]] = []
        list(run_jobs(Stub(), jobs(3), lambda *tiles: told.append(tiles)))  # type: ignore[arg-type]
        assert told == [(1, 1)] * 3


class TestOverlap:
    def test_reading_restoring_and_writing_at_the_same_moment(self) -> None:
        """Three of different files meet, which none of them would get past alone."""
        stub, meeting = Stub(), threading.Barrier(3, timeout=WAIT)
        met: list[str] = []

        def meets(what: str, who: int) -> Callable[[int], None]:
            def stage(number: int) -> None:
                if number == who:
                    meeting.wait()
                    met.append(what)

            return stage

        stub.on_write = meets("write", 0)
        stub.on_restore = meets("restore", 1)
        stub.on_read = meets("read", 4)
        assert numbers(run(stub, jobs(8))) == list(range(8))
        assert sorted(met) == ["read", "restore", "write"]

    def test_no_more_than_a_few_files_are_in_flight(self) -> None:
        """While the first result cannot be written the others wait."""
        stub, lock = Stub(), threading.Lock()
        restored, in_flight, most = threading.Semaphore(0), 0, 0

        def read(number: int) -> None:
            nonlocal in_flight, most
            with lock:
                in_flight += 1
                most = max(most, in_flight)

        def write(number: int) -> None:
            if number == 0:
                for _ in range(5):
                    assert restored.acquire(timeout=WAIT)

        stub.on_read, stub.on_write = read, write
        stub.on_restore = lambda number: restored.release()
        for _ in run(stub, jobs(200)):
            with lock:
                in_flight -= 1
        assert in_flight == 0
        assert 5 <= most <= 12

    @pytest.mark.parametrize("large", [True, False])
    def test_large_result_is_written_before_the_next_is_made(self, large: bool) -> None:
        stub = Stub(size=(LARGE // 1000 + large, 1000))
        second_begun, seen = threading.Event(), list[bool]()

        def write(number: int) -> None:
            if number == 0:
                seen.append(second_begun.wait(0.1 if large else WAIT))

        stub.on_write = write
        stub.on_restore = lambda number: second_begun.set() if number == 1 else None
        assert numbers(run(stub, jobs(3))) == [0, 1, 2]
        assert seen == [not large]

    def test_memory_does_not_grow_with_the_number_of_files(self) -> None:
        alive: weakref.WeakSet[Read] = weakref.WeakSet()
        most = 0

        class Watched(Stub):
            def restore(self, read: Read, on_tile: Any) -> Any:
                nonlocal most
                alive.add(read)
                most = max(most, len(alive))
                return super().restore(read, on_tile)

        todo = jobs(10_000)
        tracemalloc.start()
        try:
            done = sum(outcome.state == "done" for outcome in run(Watched(data=100_000), todo))
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
        assert done == 10_000
        assert most <= 12
        assert peak < 4e6  # 40 files; all together are 300 MB


class TestFailures:
    @pytest.mark.parametrize("stage", ["on_read", "on_restore", "on_write"])
    def test_one_never_costs_another_its_result(self, stage: str) -> None:
        stub = Stub()

        def fail(number: int) -> None:
            if number % 5 == 2:
                raise ValueError(f"broken {number}")

        setattr(stub, stage, fail)
        outcomes = list(run(stub, jobs(12)))
        assert [o.error for o in outcomes if o.state == "failed"] == ["broken 2", "broken 7"]
        assert numbers(iter(outcomes)) == list(range(12))
        assert sum(outcome.state == "done" for outcome in outcomes) == 10

    @pytest.mark.parametrize("stage", ["on_read", "on_restore", "on_write"])
    def test_ledger_that_fails_ends_the_run(self, stage: str) -> None:
        assert self.stopped(stage, LedgerError("cannot be written")) == "cannot be written"

    def test_full_disk_ends_the_run_and_names_the_file(self) -> None:
        reason = self.stopped("on_write", StorageError("no space"))
        assert reason == f"{Path('out', '3')}: no space"

    def stopped(self, stage: str, error: JCARSRError) -> str:
        stub, read = Stub(), list[int]()
        stub.on_read = read.append

        def fail(number: int) -> None:
            read.append(number)
            if number == 3:
                raise error

        setattr(stub, stage, fail)
        outcomes: list[Outcome] = []
        with pytest.raises(type(error)) as told:
            outcomes.extend(run(stub, jobs(100)))
        assert numbers(iter(outcomes)) == list(range(len(outcomes)))
        assert len(outcomes) <= 3
        assert max(read) < 20
        assert not threads()
        return str(told.value)

    def test_caller_that_stops_listening_ends_all_threads(self) -> None:
        outcomes = run(Stub(), jobs(100))
        next(outcomes)
        assert threads()
        outcomes.close()  # type: ignore[attr-defined]
        assert not threads()


def threads() -> list[str]:
    names = [thread.name for thread in threading.enumerate()]
    return [name for name in names if name.startswith(("read", "write"))]


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


def restored(
    inputs: Path, out: Path, networks: Any, outputs: tuple[Kind, ...] = ("picture",)
) -> list[Outcome]:
    settings = replace(X2, outputs=outputs)
    plan = plan_jobs([inputs], out, size="x2", format=None, outputs=outputs)
    with Ledger(out) as ledger:
        return list(run_jobs(Worker(networks, settings, ledger), plan.jobs))


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
        """Eight runs that make results, then eight that replace them by those of other weights."""
        out = tmp_path / "out"
        assert drive("kills", tmp_path / "in", out, "nearest", 8, 1) == "8\n"
        outcomes = restored(tmp_path / "in", out, networks)
        assert {outcome.state for outcome in outcomes} == {"done", "skipped"}
        check_results(out, pictures)

        networks.weights = "mirror"
        assert drive("kills", tmp_path / "in", out, "mirror", 8, 2) == "8\n"
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
                told.extend(run_jobs(Worker(networks, X2, ledger), plan.jobs))
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
