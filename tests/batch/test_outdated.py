from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from support.batch import X2, finished

from jcarsr.batch.ledger import Ledger
from jcarsr.batch.plan import FileJob
from jcarsr.batch.worker import LedgerWorker
from jcarsr.pixels import Pixels
from jcarsr.restoring.outputs import Kind
from jcarsr.restoring.settings import Settings
from jcarsr.restoring.target import Target

ALL: tuple[Kind, ...] = ("picture", "gradient", "detail", "side", "html")
BESIDE = ["a_x2.compare.html", "a_x2.detail.png", "a_x2.gradient.png", "a_x2.side.png"]
X2_IN_PIXELS = Settings(target=Target(width=60))
"""Other settings for the same result."""


@pytest.fixture(params=["ledger", "no ledger"])
def either(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Ledger | None]:
    if request.param == "no ledger":
        yield None
    else:
        with Ledger(tmp_path / "out") as ledger:
            yield ledger


@pytest.fixture
def changed(job: FileJob, networks: Any, either: Ledger | None, pixels: Pixels) -> FileJob:
    """Of a result with everything beside it, whose input is another one now."""
    worker = LedgerWorker(networks, replace(X2, outputs=ALL), either)
    assert finished(worker, job).state == "done"
    assert beside(job) == BESIDE
    Image.fromarray(255 - pixels).save(job.source)
    return job


def beside(job: FileJob) -> list[str]:
    found = {path.name for path in job.target.parent.iterdir() if "jcarsr" not in path.name}
    return sorted(found - {job.target.name})


def again(networks: Any, either: Ledger | None, settings: Settings = X2) -> LedgerWorker:
    return LedgerWorker(networks, settings, either, overwrite=either is None)


def test_what_is_not_made_anew_is_removed(
    networks: Any, either: Ledger | None, changed: FileJob
) -> None:
    settings = replace(X2, outputs=("picture", "side"))
    outcome = finished(again(networks, either, settings), changed)
    assert outcome.state == "done"
    assert beside(changed) == ["a_x2.side.png"]
    removed = [name for name in BESIDE if name != "a_x2.side.png"]
    folder = changed.target.parent
    assert sorted(outcome.notes) == [
        f"{folder / name}, of an earlier result, is removed" for name in removed
    ]
    if either is not None:
        assert [entry.target for entry in either.entries()] == ["a_x2.png", "a_x2.side.png"]


def test_what_was_changed_is_the_users(
    networks: Any, either: Ledger | None, changed: FileJob
) -> None:
    page = changed.target.with_suffix(".compare.html")
    page.write_bytes(page.read_bytes() + b"<!-- mine -->")
    Image.new("RGB", (60, 40)).save(changed.target.with_suffix(".detail.png"))
    changed.target.with_suffix(".side.png").unlink()
    changed.target.with_suffix(".side.png").symlink_to(changed.target.with_suffix(".gradient.png"))
    assert finished(again(networks, either), changed).state == "done"
    assert beside(changed) == ["a_x2.compare.html", "a_x2.detail.png", "a_x2.side.png"]


def test_result_that_is_what_it_was_keeps_all(
    networks: Any, either: Ledger | None, changed: FileJob, pixels: Pixels
) -> None:
    Image.fromarray(pixels).save(changed.source, dpi=(150, 150))  # as before
    before = changed.target.read_bytes()
    assert finished(again(networks, either, X2_IN_PIXELS), changed).notes == ()
    assert changed.target.read_bytes() == before
    assert beside(changed) == BESIDE


def test_result_that_was_deleted_leaves_no_maps(
    networks: Any, either: Ledger | None, changed: FileJob
) -> None:
    changed.target.unlink()
    assert finished(again(networks, either), changed).state == "done"
    assert beside(changed) == []


def test_failure_to_restore_removes_nothing(
    networks: Any, either: Ledger | None, changed: FileJob
) -> None:
    changed.source.write_bytes(b"broken")
    assert finished(again(networks, either), changed).state == "failed"
    assert beside(changed) == BESIDE


def test_result_of_another_picture_stays(
    networks: Any, ledger: Ledger, job: FileJob, pixels: Pixels
) -> None:
    """Though it has the name of a map, as results of --name '{stem}' may."""
    other = FileJob(job.source.with_name("b.png"), job.target.with_suffix(".side.png"))
    Image.fromarray(pixels).save(other.source)
    for one in (job, other):
        assert finished(LedgerWorker(networks, X2, ledger), one).state == "done"
    Image.fromarray(255 - pixels).save(job.source)
    assert finished(LedgerWorker(networks, X2, ledger), job).notes == ()
    assert other.target.exists()
