from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from support.batch import X2, finished, result_pixels

from jcarsr.batch.ledger import FILE_NAME, Ledger
from jcarsr.batch.plan import FileJob
from jcarsr.batch.worker import LedgerWorker
from jcarsr.image import SaveOptions
from jcarsr.pixels import Pixels
from jcarsr.restoring.outcome import Outcome
from jcarsr.restoring.reading import PlainReader
from jcarsr.restoring.settings import Settings
from jcarsr.restoring.target import Target


class TestAgain:
    def test_same_is_skipped_without_decoding(
        self, networks: Any, ledger: Ledger, job: FileJob, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        finished(LedgerWorker(networks, X2, ledger), job)
        before = job.target.stat()
        monkeypatch.setattr(PlainReader, "header", lambda *a: pytest.fail("opened"))
        outcome = finished(LedgerWorker(networks, X2, ledger), job)
        assert outcome == Outcome(source=job.source, target=job.target, state="skipped")
        after = job.target.stat()  # but for the time at which it was read
        assert (after.st_ino, after.st_mtime_ns) == (before.st_ino, before.st_mtime_ns)

    def test_changed_input_is_restored_anew(
        self, networks: Any, ledger: Ledger, job: FileJob, pixels: Pixels
    ) -> None:
        finished(LedgerWorker(networks, X2, ledger), job)
        Image.fromarray(255 - pixels).save(job.source)
        assert finished(LedgerWorker(networks, X2, ledger), job).state == "done"
        expected = (255 - pixels).repeat(2, 0).repeat(2, 1)
        np.testing.assert_array_equal(result_pixels(job.target), expected)

    def test_changed_settings_are_another_result(
        self, networks: Any, ledger: Ledger, job: FileJob
    ) -> None:
        finished(LedgerWorker(networks, X2, ledger), job)
        stripping = replace(X2, save=SaveOptions(strip_metadata=True))
        assert finished(LedgerWorker(networks, stripping, ledger), job).state == "done"
        with Image.open(job.target) as image:
            assert "dpi" not in image.info

    def test_changed_weights_are_another_result(
        self, networks: Any, ledger: Ledger, job: FileJob
    ) -> None:
        finished(LedgerWorker(networks, X2, ledger), job)
        networks.weights = "other"
        assert finished(LedgerWorker(networks, X2, ledger), job).weights == "other-2"
        assert [entry.weights_sha256 for entry in ledger.entries()] == ["other-2"]

    def test_network_of_another_scale_is_another_result(
        self, networks: Any, ledger: Ledger, job: FileJob
    ) -> None:
        """Weights for x4 alone may do what those for x2 would do now."""
        settings = Settings(target=Target(width=50))
        networks.scales = (4,)
        assert finished(LedgerWorker(networks, settings, ledger), job).scale == 4
        assert finished(LedgerWorker(networks, settings, ledger), job).state == "skipped"
        networks.scales = (2, 4)
        assert finished(LedgerWorker(networks, settings, ledger), job).scale == 2

    def test_deleted_result_is_made_again(
        self, networks: Any, ledger: Ledger, job: FileJob
    ) -> None:
        finished(LedgerWorker(networks, X2, ledger), job)
        job.target.unlink()
        assert finished(LedgerWorker(networks, X2, ledger), job).state == "done"
        assert job.target.exists()

    def test_foreign_file_is_left_alone_until_overwrite(
        self, networks: Any, ledger: Ledger, job: FileJob
    ) -> None:
        job.target.write_bytes(b"somebody's")
        for _ in range(2):
            outcome = finished(LedgerWorker(networks, X2, ledger), job)
            assert outcome.error == f"{job.target} exists already: --overwrite replaces it"
            assert job.target.read_bytes() == b"somebody's"
        assert finished(LedgerWorker(networks, X2, ledger, overwrite=True), job).state == "done"
        assert finished(LedgerWorker(networks, X2, ledger), job).state == "skipped"

    def test_edited_result_is_a_foreign_file(
        self, networks: Any, ledger: Ledger, job: FileJob
    ) -> None:
        finished(LedgerWorker(networks, X2, ledger), job)
        job.target.write_bytes(b"retouched")
        assert finished(LedgerWorker(networks, X2, ledger), job).state == "failed"
        assert job.target.read_bytes() == b"retouched"

    def test_without_ledger_nothing_is_replaced_until_overwrite(
        self, networks: Any, job: FileJob
    ) -> None:
        assert finished(LedgerWorker(networks, X2), job).state == "done"
        assert not (job.target.parent / FILE_NAME).exists()
        assert finished(LedgerWorker(networks, X2), job).state == "failed"
        assert finished(LedgerWorker(networks, X2, overwrite=True), job).state == "done"

    def test_failed_input_is_tried_again(self, networks: Any, ledger: Ledger, job: FileJob) -> None:
        whole = job.source.read_bytes()
        job.source.write_bytes(whole[:-100])
        outcome = finished(LedgerWorker(networks, X2, ledger), job)
        assert outcome.error is not None
        assert "cannot be decoded" in outcome.error
        (entry,) = ledger.entries()
        assert (entry.state, entry.error) == ("failed", outcome.error)
        job.source.write_bytes(whole)
        assert finished(LedgerWorker(networks, X2, ledger), job).state == "done"
        (entry,) = ledger.entries()
        assert (entry.state, entry.error) == ("done", None)

    def test_result_stays_ours_through_any_failures(
        self, networks: Any, ledger: Ledger, job: FileJob, pixels: Pixels
    ) -> None:
        finished(LedgerWorker(networks, X2, ledger), job)
        for _ in range(2):
            job.source.write_bytes(b"broken")
            assert finished(LedgerWorker(networks, X2, ledger), job).state == "failed"
        Image.fromarray(255 - pixels).save(job.source)
        assert finished(LedgerWorker(networks, X2, ledger), job).state == "done"

    def test_older_result_stays_ours_if_its_successor_never_got_its_name(
        self,
        networks: Any,
        ledger: Ledger,
        job: FileJob,
        pixels: Pixels,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        finished(LedgerWorker(networks, X2, ledger), job)
        Image.fromarray(255 - pixels).save(job.source)
        old = job.target.read_bytes()

        def refuse(self: Path, target: Path) -> None:
            raise PermissionError(13, "not now")

        with monkeypatch.context() as patched:
            patched.setattr(Path, "replace", refuse)
            for _ in range(2):
                outcome = finished(LedgerWorker(networks, X2, ledger), job)
                assert outcome.error == f"its result {job.target} cannot be written (not now)"
        assert job.target.read_bytes() == old
        assert not list(job.target.parent.glob("*.jcarsr-part"))
        assert finished(LedgerWorker(networks, X2, ledger), job).state == "done"


@pytest.mark.parametrize("with_ledger", [True, False])
def test_what_came_while_the_network_ran_is_left(
    networks: Any, ledger: Ledger, job: FileJob, with_ledger: bool
) -> None:
    own = ledger if with_ledger else None
    networks.before = lambda: job.target.write_text("mine")
    outcome = finished(LedgerWorker(networks, X2, own), job)
    assert outcome.state == "failed"
    assert "came to be there meanwhile" in (outcome.error or "")
    assert job.target.read_text() == "mine"
    assert not list(job.target.parent.glob("*.jcarsr-part"))
    job.target.unlink()
    assert finished(LedgerWorker(networks, X2, own, overwrite=True), job).state == "done"


def test_a_picture_that_was_moved_may_be_changed(
    networks: Any, ledger: Ledger, job: FileJob, pixels: Pixels, tmp_path: Path
) -> None:
    finished(LedgerWorker(networks, X2, ledger), job)
    moved = FileJob(tmp_path / "elsewhere.png", job.target)
    job.source.rename(moved.source)
    assert finished(LedgerWorker(networks, X2, ledger), moved).state == "skipped"
    Image.fromarray(255 - pixels).save(moved.source)
    assert finished(LedgerWorker(networks, X2, ledger), moved).state == "done"
