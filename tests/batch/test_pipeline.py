import threading
import tracemalloc
import weakref
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from jcarsr.batch.decide import Decision
from jcarsr.batch.pipeline import run_jobs
from jcarsr.batch.plan import FileJob, Refused
from jcarsr.batch.worker import LARGE, Outcome, ReadFile
from jcarsr.errors import DeviceError, JCARSRError, LedgerError, StorageError

WAIT = 60  # seconds after which an event that should have come is missing


class Stub:
    """A worker without pictures; `on_...` get the number of the job."""

    devices = 1

    def __init__(self, size: tuple[int, int] = (1, 1), data: int = 0) -> None:
        self.size, self.data = size, data
        self.on_read: Callable[[int], None] = lambda number: None
        self.on_restore: Callable[[int], None] = lambda number: None
        self.on_write: Callable[[int], None] = lambda number: None

    def read(self, job: FileJob) -> ReadFile | Outcome:
        self.on_read(number_of(job))
        return ReadFile(
            job=job,
            data=bytes(self.data),
            sha256="",
            decisions={"picture": Decision(skip=False)},
            picture=None,
            seconds=0,
        )

    def restore(self, read: ReadFile, on_tile: Any) -> Any:
        self.on_restore(number_of(read.job))
        on_tile(1, 1)
        restored = SimpleNamespace(first=SimpleNamespace(size=self.size))
        return SimpleNamespace(job=read.job, restored=restored, data=read)

    def write(self, result: Any) -> Outcome:
        self.on_write(number_of(result.job))
        return Outcome(source=result.job.source, target=result.job.target, state="done")

    def record_failure(self, job: FileJob | Refused, error: Exception) -> Outcome:
        return Outcome(source=job.source, state="failed", error=str(error))


@pytest.fixture(params=[1, 3], autouse=True)
def devices(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> int:
    """How many pictures are restored at the same time."""
    monkeypatch.setattr(Stub, "devices", request.param)
    return request.param


def jobs(count: int) -> list[FileJob | Refused]:
    return [FileJob(Path(str(number)), Path("out", str(number))) for number in range(count)]


def number_of(job: FileJob | Refused) -> int:
    return int(job.source.name)


def run(stub: Stub, todo: list[FileJob | Refused]) -> Iterator[Outcome]:
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
            def read(self, job: FileJob) -> ReadFile | Outcome:
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

    @pytest.mark.parametrize("devices", [1], indirect=True)
    def test_no_more_than_a_few_files_are_in_flight(self, devices: int) -> None:
        """While the first result cannot be written the others wait, if there is one device."""
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

    def test_devices_do_not_wait_for_the_first_picture(self, devices: int) -> None:
        """A long one keeps one of them; what the others do is bounded, and comes in order."""
        stub, lock, others_done = Stub(), threading.Lock(), threading.Event()
        unfinished, most, written = 0, 0, 0

        def read(number: int) -> None:
            nonlocal unfinished, most
            with lock:
                unfinished += 1
                most = max(most, unfinished)

        def write(number: int) -> None:
            nonlocal unfinished, written
            with lock:
                unfinished, written = unfinished - 1, written + 1
                if written == 199:
                    others_done.set()

        def restore(number: int) -> None:
            if number == 0 and devices > 1:
                assert others_done.wait(WAIT)

        stub.on_read, stub.on_write, stub.on_restore = read, write, restore
        assert numbers(run(stub, jobs(200))) == list(range(200))
        assert most <= 12 * devices

    def test_as_many_are_restored_at_the_same_time_as_there_are_devices(self, devices: int) -> None:
        """So many meet, and never more."""
        stub, meeting, lock = Stub(), threading.Barrier(devices, timeout=WAIT), threading.Lock()
        at_work, most = 0, 0

        def restore(number: int) -> None:
            nonlocal at_work, most
            with lock:
                at_work += 1
                most = max(most, at_work)
            meeting.wait()
            with lock:
                at_work -= 1

        stub.on_restore = restore
        assert numbers(run(stub, jobs(6 * devices))) == list(range(6 * devices))
        assert most == devices

    @pytest.mark.parametrize("large", [True, False])
    def test_large_result_is_written_before_the_next_is_made(
        self, large: bool, devices: int
    ) -> None:
        """Every device has one of the first results, and none a second one before it is written."""
        stub = Stub(size=(LARGE // 1000 + large, 1000))
        next_begun, seen = threading.Event(), list[bool]()
        together = threading.Barrier(devices, timeout=WAIT)

        def write(number: int) -> None:
            if number < devices:
                together.wait()
                seen.append(next_begun.wait(0.1 if large else WAIT))
                together.wait()

        stub.on_write = write
        stub.on_restore = lambda number: next_begun.set() if number == devices else None
        assert numbers(run(stub, jobs(2 * devices))) == list(range(2 * devices))
        assert seen == [not large] * devices

    def test_memory_does_not_grow_with_the_number_of_files(self, devices: int) -> None:
        alive: weakref.WeakSet[ReadFile] = weakref.WeakSet()
        most = 0

        class Watched(Stub):
            def restore(self, read: ReadFile, on_tile: Any) -> Any:
                nonlocal most
                alive.add(read)
                most = max(most, len(alive))
                return super().restore(read, on_tile)

        todo = jobs(3_000)
        tracemalloc.start()
        try:
            done = sum(outcome.state == "done" for outcome in run(Watched(data=100_000), todo))
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
        assert done == 3_000
        assert most <= 12 * devices
        assert peak < 4e6 * devices  # 40 files; all together are 300 MB


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

    def test_loss_of_all_devices_ends_the_run(self) -> None:
        reason = "cuda:1: CUDA error: unspecified launch failure"
        assert self.stopped("on_restore", DeviceError(reason)) == reason

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
        assert max(read) < 20 * Stub.devices
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
    return [name for name in names if name.startswith(("read", "restore", "write"))]
