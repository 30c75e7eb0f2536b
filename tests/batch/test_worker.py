import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from support.batch import X2, file_sha256, finished, result_pixels

from jcarsr.batch import worker as worker_module
from jcarsr.batch.ledger import Entry, Ledger
from jcarsr.batch.plan import FileJob, Refused
from jcarsr.batch.worker import LedgerWorker, ReadFile, one_line_reason
from jcarsr.errors import JCARSRError
from jcarsr.image import ReadOptions
from jcarsr.pixels import Pixels
from jcarsr.restoring.outcome import Outcome
from jcarsr.restoring.settings import Settings
from jcarsr.restoring.target import Target


class TestOneFile:
    def test_result_and_outcome_and_entry(
        self, networks: Any, ledger: Ledger, job: FileJob, pixels: Pixels
    ) -> None:
        outcome = finished(LedgerWorker(networks, X2, ledger), job)
        assert outcome == Outcome(
            source=job.source,
            target=job.target,
            state="done",
            seconds=outcome.seconds,
            size=(60, 40),
            scale=2,
            weights="nearest-2",
            tile=320,
        )
        assert outcome.seconds > 0
        expected = pixels.repeat(2, 0).repeat(2, 1)
        np.testing.assert_array_equal(result_pixels(job.target), expected)
        (entry,) = ledger.entries()
        assert entry.seconds is not None
        assert 0 < entry.seconds <= outcome.seconds
        assert entry == Entry(
            target="a_x2.png",
            source=str(job.source),
            state="done",
            source_sha256=file_sha256(job.source),
            settings=X2.as_text(networks.scales),
            weights_sha256="nearest-2",
            result_sha256=file_sha256(job.target),
            scale=2,
            tile=320,
            full_precision_tiles=0,
            seconds=entry.seconds,
        )

    def test_entry_is_pending_before_the_result_has_its_name(
        self, networks: Any, ledger: Ledger, job: FileJob, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        seen: list[tuple[str, bool]] = []
        enter = ledger.enter

        def watched(entry: Entry) -> None:
            seen.append((entry.state, job.target.exists()))
            enter(entry)

        monkeypatch.setattr(ledger, "enter", watched)
        finished(LedgerWorker(networks, X2, ledger), job)
        assert seen == [("pending", False), ("done", True)]

    def test_exact_size(self, networks: Any, job: FileJob) -> None:
        outcome = finished(LedgerWorker(networks, Settings(target=Target(long_side=100))), job)
        assert (outcome.size, outcome.scale) == ((100, 67), 4)
        with Image.open(job.target) as image:
            assert image.size == (100, 67)

    def test_more_than_the_networks_can_is_told(self, networks: Any, job: FileJob) -> None:
        outcome = finished(LedgerWorker(networks, Settings(target=Target(width=121))), job)
        assert outcome.error == "121x81 is more than 4 times its 30x20"
        assert not job.target.parent.exists()

    def test_notes_of_reading_and_writing_are_told(
        self, networks: Any, job: FileJob, pixels: Pixels, tmp_path: Path
    ) -> None:
        exif = Image.Exif()
        exif[0x010E] = "x" * 65_100  # a description that no JPEG can hold
        Image.fromarray(pixels).save(job.source, exif=exif)
        data = job.source.read_bytes()
        at = data.index(b"IDAT")
        job.source.write_bytes(data[: at + 1000])
        salvage = replace(X2, read=ReadOptions(salvage=True))
        outcome = finished(LedgerWorker(networks, salvage), replace(job, target=tmp_path / "a.jpg"))
        assert outcome.state == "done", outcome
        truncated, too_large = outcome.notes
        assert "truncated" in truncated
        assert "EXIF data is larger" in too_large

    def test_format_that_cannot_hold_it_is_told_before_the_work(
        self, networks: Any, job: FileJob, tmp_path: Path
    ) -> None:
        Image.new("RGBA", (9, 9), (1, 2, 3, 100)).save(job.source)
        networks.before = lambda: pytest.fail("the network was asked")
        outcome = finished(LedgerWorker(networks, X2), replace(job, target=tmp_path / "a.jpg"))
        assert outcome.error is not None
        assert "transparency" in outcome.error

    def test_large_picture_is_decoded_when_its_turn_comes(
        self, networks: Any, job: FileJob, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        worker = LedgerWorker(networks, X2)
        monkeypatch.setattr(worker_module, "LARGE", 600)  # it has 600 pixels
        step = worker.read(job)
        assert isinstance(step, ReadFile)
        assert step.picture is not None
        monkeypatch.setattr(worker_module, "LARGE", 599)
        step = worker.read(job)
        assert isinstance(step, ReadFile)
        assert step.picture is None
        assert worker.write(worker.restore(step, lambda done, total: None)).state == "done"
        assert result_pixels(job.target).shape == (40, 60, 3)

    def test_tiles_are_told(self, networks: Any, job: FileJob, pixels: Pixels) -> None:
        Image.fromarray(np.tile(pixels, (20, 1, 1))).save(job.source)
        worker, told = LedgerWorker(networks, X2), list[tuple[int, int]]()
        step = worker.read(job)
        assert isinstance(step, ReadFile)
        worker.restore(step, lambda done, total: told.append((done, total)))
        assert told == [(1, 2), (2, 2)]


class TestAnimation:
    @pytest.fixture
    def gif(self, job: FileJob) -> FileJob:
        frames = [Image.new("RGB", (9, 7), colour) for colour in ("red", "blue", "white")]
        source = job.source.with_suffix(".gif")
        frames[0].save(source, save_all=True, append_images=frames[1:], duration=100)
        return FileJob(source, job.target.with_suffix(".webp"))

    def test_every_frame_is_restored(self, networks: Any, gif: FileJob) -> None:
        assert finished(LedgerWorker(networks, X2), gif).size == (18, 14)
        with Image.open(gif.target) as image:
            assert (image.n_frames, image.size) == (3, (18, 14))  # type: ignore[attr-defined]

    def test_first_frame_alone_if_asked_for(self, networks: Any, gif: FileJob) -> None:
        settings = replace(X2, read=ReadOptions(first_frame=True))
        assert finished(LedgerWorker(networks, settings), gif).state == "done"
        with Image.open(gif.target) as image:
            assert getattr(image, "n_frames", 1) == 1

    def test_has_no_one_gradient_map(self, networks: Any, gif: FileJob) -> None:
        outcome = finished(
            LedgerWorker(networks, replace(X2, outputs=("picture", "gradient"))), gif
        )
        assert outcome.error is not None
        assert "--first-frame" in outcome.error
        assert not gif.target.exists()

    def test_more_frames_than_memory_is_told(self, networks: Any, gif: FileJob) -> None:
        networks.max_memory = 3 * 4 * 18 * 14 - 1
        outcome = finished(LedgerWorker(networks, X2), gif)
        assert outcome.error is not None
        assert "3 frames" in outcome.error


class TestFailed:
    def test_refused_input_is_not_entered(self, networks: Any, ledger: Ledger) -> None:
        refused = Refused(Path("x"), "a folder without pictures")
        outcome = LedgerWorker(networks, X2, ledger).record_failure(
            refused, JCARSRError(refused.reason)
        )
        assert outcome == Outcome(source=Path("x"), state="failed", error=refused.reason)
        assert ledger.entries() == []

    def test_undecodable_name_in_the_reason_is_entered(
        self, networks: Any, ledger: Ledger, job: FileJob
    ) -> None:
        odd = replace(job, target=job.target.with_name(os.fsdecode(b"\xff\n.png")))
        odd.target.touch()
        outcome = finished(LedgerWorker(networks, X2, ledger), odd)
        assert outcome.error is not None
        assert "exists already" in outcome.error
        (entry,) = ledger.entries()
        assert entry.error is not None
        assert r"\udcff .png exists already" in entry.error

    @pytest.mark.parametrize(
        ("error", "reason"),
        [
            (JCARSRError("two\nlines"), "two lines"),
            (MemoryError(), "not enough memory"),
            (ZeroDivisionError("by\nzero"), "unexpected ZeroDivisionError: by zero"),
        ],
    )
    def test_reason_is_one_line(self, error: Exception, reason: str) -> None:
        assert one_line_reason(error) == reason
