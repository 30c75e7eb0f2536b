"""A run on several devices, here several times the CPU: what each does, and what its loss costs."""

import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from support.batch import X2

from jcarsr.batch.ledger import Entry, Ledger
from jcarsr.batch.pipeline import run_jobs
from jcarsr.batch.plan import plan_jobs
from jcarsr.batch.worker import LedgerWorker
from jcarsr.engines.base import EngineOptions
from jcarsr.engines.torch import TorchEngine
from jcarsr.errors import DeviceError
from jcarsr.pixels import Pixels
from jcarsr.restoring.networks import Networks
from jcarsr.restoring.outcome import Outcome

WAIT = 60  # seconds after which an event that should have come is missing
LOST = DeviceError("cuda:1: CUDA error: unspecified launch failure")


@pytest.fixture
def album(tmp_path: Path, photo: Pixels) -> Path:
    """Ten small pictures, two of them broken."""
    folder = tmp_path / "album"
    folder.mkdir()
    for number in range(10):
        Image.fromarray(photo[number : number + 12, :16]).save(folder / f"{number}.png")
    for number in (2, 7):
        (folder / f"{number}.png").write_bytes(b"no picture")
    return folder


def run(
    album: Path,
    out: Path,
    weights: Path,
    devices: int,
    on_lost: Callable[[DeviceError], None] = lambda error: None,
) -> tuple[list[Outcome], list[Entry], dict[str, bytes]]:
    """The outcomes, the ledger's entries and the results, without what depends on the time."""
    first, *others = (
        Networks(str(weights), EngineOptions(device="cpu", threads=1)) for _ in range(devices)
    )
    plan = plan_jobs([album], out, size="x2", format=None)
    with Ledger(out) as ledger:
        worker = LedgerWorker(first, X2, ledger, others=others, on_lost=on_lost)
        outcomes = list(run_jobs(worker, plan.jobs))
        entries = sorted(ledger.entries(), key=lambda entry: entry.target)
    return (
        [
            replace(one, seconds=0, target=one.target and one.target.relative_to(out))
            for one in outcomes
        ],
        [replace(entry, seconds=None) for entry in entries],
        {path.name: path.read_bytes() for path in sorted(out.glob("*.png"))},
    )


def watch_engines(monkeypatch: pytest.MonkeyPatch, before: Callable[[TorchEngine], None]) -> None:
    infer = TorchEngine.run

    def watched(self: TorchEngine, *arguments: Any, **named: Any) -> Any:
        before(self)
        return infer(self, *arguments, **named)

    monkeypatch.setattr(TorchEngine, "run", watched)


def test_results_and_ledger_are_those_of_one_device(
    album: Path, tmp_path: Path, tiny_weights: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each of two workers has a network of its own, and both are at work at the same moment."""
    expected = run(album, tmp_path / "one", tiny_weights, 1)
    assert len(expected[2]) == 8
    used = dict[int, TorchEngine]()
    meeting = threading.Barrier(2, timeout=WAIT)

    def meet(engine: TorchEngine) -> None:
        if id(engine) not in used:
            used[id(engine)] = engine
            meeting.wait()

    watch_engines(monkeypatch, meet)
    assert run(album, tmp_path / "two", tiny_weights, 2) == expected
    one, other = (engine._model for engine in used.values())  # pyright: ignore[reportPrivateUsage]
    assert one is not other
    again, _, results = run(album, tmp_path / "one", tiny_weights, 2)
    assert [outcome.state for outcome in again].count("skipped") == 8
    assert results == expected[2]


def test_lost_device_costs_no_picture(
    album: Path, tmp_path: Path, tiny_weights: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = run(album, tmp_path / "one", tiny_weights, 1)
    lost = list[TorchEngine]()

    def lose(engine: TorchEngine) -> None:
        if not lost:
            lost.append(engine)
        if engine is lost[0]:
            raise LOST

    watch_engines(monkeypatch, lose)
    said = list[DeviceError]()
    assert run(album, tmp_path / "two", tiny_weights, 2, said.append) == expected
    assert said == [LOST]


def test_run_ends_with_its_last_device_and_goes_on_later(
    album: Path, tmp_path: Path, tiny_weights: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = run(album, tmp_path / "one", tiny_weights, 1)
    calls = 0

    def lose(engine: TorchEngine) -> None:
        nonlocal calls
        calls += 1
        if calls > 4:
            raise LOST

    with monkeypatch.context() as patch:
        watch_engines(patch, lose)
        with pytest.raises(DeviceError):
            run(album, tmp_path / "two", tiny_weights, 2)
    assert len(list((tmp_path / "two").glob("*.png"))) == 4
    _, entries, results = run(album, tmp_path / "two", tiny_weights, 2)
    assert (entries, results) == expected[1:]
