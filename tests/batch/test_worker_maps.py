from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from support.batch import X2, file_sha256, finished, result_pixels

from jcarsr.batch.ledger import Ledger
from jcarsr.batch.plan import FileJob
from jcarsr.batch.worker import LedgerWorker
from jcarsr.errors import ImageError
from jcarsr.restoring import file as file_module
from jcarsr.restoring.outputs import output_paths


def gradient_path(target: Path) -> Path:
    return output_paths(target, ("picture", "gradient"))["gradient"]


class TestGradientMap:
    SETTINGS = replace(X2, outputs=("picture", "gradient"))

    def test_is_written_beside_and_entered(
        self, networks: Any, ledger: Ledger, job: FileJob
    ) -> None:
        outcome = finished(LedgerWorker(networks, self.SETTINGS, ledger), job)
        assert outcome.state == "done"
        place = job.target.with_name("a_x2.gradient.png")
        assert gradient_path(job.target) == place
        assert result_pixels(place).shape == (40, 60, 3)
        hashes = {entry.target: entry.result_sha256 for entry in ledger.entries()}
        assert hashes == {
            "a_x2.png": file_sha256(job.target),
            "a_x2.gradient.png": file_sha256(place),
        }
        assert finished(LedgerWorker(networks, self.SETTINGS, ledger), job).state == "skipped"

    def test_asked_for_later_is_made_later(
        self, networks: Any, ledger: Ledger, job: FileJob
    ) -> None:
        finished(LedgerWorker(networks, X2, ledger), job)
        assert finished(LedgerWorker(networks, self.SETTINGS, ledger), job).state == "done"
        assert gradient_path(job.target).exists()

    @pytest.mark.parametrize("deleted", ["map", "result"])
    def test_either_that_was_deleted_is_made_again(
        self, networks: Any, ledger: Ledger, job: FileJob, deleted: str
    ) -> None:
        finished(LedgerWorker(networks, self.SETTINGS, ledger), job)
        gone = job.target if deleted == "result" else gradient_path(job.target)
        content = gone.read_bytes()
        gone.unlink()
        assert finished(LedgerWorker(networks, self.SETTINGS, ledger), job).state == "done"
        assert gone.read_bytes() == content

    @pytest.mark.parametrize("with_ledger", [True, False])
    def test_somebodys_file_in_its_place_is_left_alone(
        self, networks: Any, ledger: Ledger, job: FileJob, with_ledger: bool
    ) -> None:
        place = gradient_path(job.target)
        place.write_bytes(b"somebody's")
        kept = ledger if with_ledger else None
        outcome = finished(LedgerWorker(networks, self.SETTINGS, kept), job)
        assert outcome.error == f"{place} exists already: --overwrite replaces it"
        assert place.read_bytes() == b"somebody's"
        assert not job.target.exists()
        outcome = finished(LedgerWorker(networks, self.SETTINGS, kept, overwrite=True), job)
        assert outcome.state == "done"
        assert place.read_bytes() != b"somebody's"

    def test_its_result_that_could_not_be_saved_is_tried_again(
        self, networks: Any, ledger: Ledger, job: FileJob, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        save = file_module.save

        def fail(picture: Any, path: Path, *args: Any) -> tuple[str, ...]:
            if path == job.target:
                raise ImageError("cannot be written (for the test)")
            return save(picture, path, *args)

        with monkeypatch.context() as patched:
            patched.setattr(file_module, "save", fail)
            assert finished(LedgerWorker(networks, self.SETTINGS, ledger), job).state == "failed"
        assert gradient_path(job.target).exists()
        assert finished(LedgerWorker(networks, self.SETTINGS, ledger), job).state == "done"
