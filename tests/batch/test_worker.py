import hashlib
import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from jcarsr.batch import worker as worker_module
from jcarsr.batch.ledger import FILE_NAME, Entry, Ledger
from jcarsr.batch.plan import Job, Refused, gradient_path
from jcarsr.batch.reading import PlainReader
from jcarsr.batch.settings import Settings
from jcarsr.batch.worker import Outcome, Read, Worker, one_line_reason
from jcarsr.errors import ImageError, JCARSRError
from jcarsr.image import ReadOptions, SaveOptions
from jcarsr.inference.target import Target
from jcarsr.pixels import Pixels

X2 = Settings(target=Target(scale=2))


@pytest.fixture
def pixels() -> Pixels:
    return np.random.default_rng(0).integers(0, 256, (20, 30, 3), np.uint8)


@pytest.fixture
def job(tmp_path: Path, pixels: Pixels) -> Job:
    Image.fromarray(pixels).save(tmp_path / "a.png", dpi=(150, 150))
    return Job(tmp_path / "a.png", tmp_path / "out" / "a_x2.png")


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    with Ledger(tmp_path / "out") as ledger:
        yield ledger


def finished(worker: Worker, job: Job) -> Outcome:
    """All three steps, as the pipeline takes them."""
    try:
        step = worker.read(job)
        if isinstance(step, Outcome):
            return step
        return worker.write(worker.restore(step, lambda done, total: None))
    except JCARSRError as error:
        return worker.failed(job, error)


def file_sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def result_pixels(path: Path) -> Pixels:
    with Image.open(path) as image:
        return np.array(image)


class TestOneFile:
    def test_result_and_outcome_and_entry(
        self, networks: Any, ledger: Ledger, job: Job, pixels: Pixels
    ) -> None:
        outcome = finished(Worker(networks, X2, ledger), job)
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
        self, networks: Any, ledger: Ledger, job: Job, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        seen: list[tuple[str, bool]] = []
        enter = ledger.enter

        def watched(entry: Entry) -> None:
            seen.append((entry.state, job.target.exists()))
            enter(entry)

        monkeypatch.setattr(ledger, "enter", watched)
        finished(Worker(networks, X2, ledger), job)
        assert seen == [("pending", False), ("done", True)]

    def test_exact_size(self, networks: Any, job: Job) -> None:
        outcome = finished(Worker(networks, Settings(target=Target(max_side=100))), job)
        assert (outcome.size, outcome.scale) == ((100, 67), 4)
        with Image.open(job.target) as image:
            assert image.size == (100, 67)

    def test_more_than_the_networks_can_is_told(self, networks: Any, job: Job) -> None:
        outcome = finished(Worker(networks, Settings(target=Target(width=121))), job)
        assert outcome.error == "121x81 is more than 4 times its 30x20"
        assert not job.target.parent.exists()

    def test_notes_of_reading_and_writing_are_told(
        self, networks: Any, job: Job, pixels: Pixels, tmp_path: Path
    ) -> None:
        exif = Image.Exif()
        exif[0x010E] = "x" * 65_100  # a description that no JPEG can hold
        Image.fromarray(pixels).save(job.source, exif=exif)
        data = job.source.read_bytes()
        at = data.index(b"IDAT")
        job.source.write_bytes(data[: at + 1000])
        salvage = replace(X2, read=ReadOptions(salvage=True))
        outcome = finished(Worker(networks, salvage), replace(job, target=tmp_path / "a.jpg"))
        assert outcome.state == "done", outcome
        truncated, too_large = outcome.notes
        assert "truncated" in truncated
        assert "EXIF data is larger" in too_large

    def test_format_that_cannot_hold_it_is_told_before_the_work(
        self, networks: Any, job: Job, tmp_path: Path
    ) -> None:
        Image.new("RGBA", (9, 9), (1, 2, 3, 100)).save(job.source)
        networks.before = lambda: pytest.fail("the network was asked")
        outcome = finished(Worker(networks, X2), replace(job, target=tmp_path / "a.jpg"))
        assert outcome.error is not None
        assert "transparency" in outcome.error

    def test_large_picture_is_decoded_when_its_turn_comes(
        self, networks: Any, job: Job, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        worker = Worker(networks, X2)
        monkeypatch.setattr(worker_module, "LARGE", 600)  # it has 600 pixels
        step = worker.read(job)
        assert isinstance(step, Read)
        assert step.picture is not None
        monkeypatch.setattr(worker_module, "LARGE", 599)
        step = worker.read(job)
        assert isinstance(step, Read)
        assert step.picture is None
        assert worker.write(worker.restore(step, lambda done, total: None)).state == "done"
        assert result_pixels(job.target).shape == (40, 60, 3)

    def test_tiles_are_told(self, networks: Any, job: Job, pixels: Pixels) -> None:
        Image.fromarray(np.tile(pixels, (20, 1, 1))).save(job.source)
        worker, told = Worker(networks, X2), list[tuple[int, int]]()
        step = worker.read(job)
        assert isinstance(step, Read)
        worker.restore(step, lambda done, total: told.append((done, total)))
        assert told == [(1, 2), (2, 2)]


class TestAnimation:
    @pytest.fixture
    def gif(self, job: Job) -> Job:
        frames = [Image.new("RGB", (9, 7), colour) for colour in ("red", "blue", "white")]
        source = job.source.with_suffix(".gif")
        frames[0].save(source, save_all=True, append_images=frames[1:], duration=100)
        return Job(source, job.target.with_suffix(".webp"))

    def test_every_frame_is_restored(self, networks: Any, gif: Job) -> None:
        assert finished(Worker(networks, X2), gif).size == (18, 14)
        with Image.open(gif.target) as image:
            assert (image.n_frames, image.size) == (3, (18, 14))  # type: ignore[attr-defined]

    def test_first_frame_alone_if_asked_for(self, networks: Any, gif: Job) -> None:
        settings = replace(X2, read=ReadOptions(first_frame=True))
        assert finished(Worker(networks, settings), gif).state == "done"
        with Image.open(gif.target) as image:
            assert getattr(image, "n_frames", 1) == 1

    def test_has_no_one_gradient_map(self, networks: Any, gif: Job) -> None:
        outcome = finished(Worker(networks, replace(X2, gradient=True)), gif)
        assert outcome.error is not None
        assert "--first-frame" in outcome.error
        assert not gif.target.exists()

    def test_more_frames_than_memory_is_told(self, networks: Any, gif: Job) -> None:
        networks.max_memory = 3 * 4 * 18 * 14 - 1
        outcome = finished(Worker(networks, X2), gif)
        assert outcome.error is not None
        assert "3 frames" in outcome.error


class TestAgain:
    def test_same_is_skipped_without_decoding(
        self, networks: Any, ledger: Ledger, job: Job, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        finished(Worker(networks, X2, ledger), job)
        before = job.target.stat()
        monkeypatch.setattr(PlainReader, "header", lambda *a: pytest.fail("opened"))
        outcome = finished(Worker(networks, X2, ledger), job)
        assert outcome == Outcome(source=job.source, target=job.target, state="skipped")
        assert job.target.stat() == before

    def test_changed_input_is_restored_anew(
        self, networks: Any, ledger: Ledger, job: Job, pixels: Pixels
    ) -> None:
        finished(Worker(networks, X2, ledger), job)
        Image.fromarray(255 - pixels).save(job.source)
        assert finished(Worker(networks, X2, ledger), job).state == "done"
        expected = (255 - pixels).repeat(2, 0).repeat(2, 1)
        np.testing.assert_array_equal(result_pixels(job.target), expected)

    def test_changed_settings_are_another_result(
        self, networks: Any, ledger: Ledger, job: Job
    ) -> None:
        finished(Worker(networks, X2, ledger), job)
        stripping = replace(X2, save=SaveOptions(strip_metadata=True))
        assert finished(Worker(networks, stripping, ledger), job).state == "done"
        with Image.open(job.target) as image:
            assert "dpi" not in image.info

    def test_changed_weights_are_another_result(
        self, networks: Any, ledger: Ledger, job: Job
    ) -> None:
        finished(Worker(networks, X2, ledger), job)
        networks.weights = "other"
        assert finished(Worker(networks, X2, ledger), job).weights == "other-2"
        assert [entry.weights_sha256 for entry in ledger.entries()] == ["other-2"]

    def test_network_of_another_scale_is_another_result(
        self, networks: Any, ledger: Ledger, job: Job
    ) -> None:
        """Weights for x4 alone may do what those for x2 would do now."""
        settings = Settings(target=Target(width=50))
        networks.scales = (1, 4)
        assert finished(Worker(networks, settings, ledger), job).scale == 4
        assert finished(Worker(networks, settings, ledger), job).state == "skipped"
        networks.scales = (1, 2, 4)
        assert finished(Worker(networks, settings, ledger), job).scale == 2

    def test_deleted_result_is_made_again(self, networks: Any, ledger: Ledger, job: Job) -> None:
        finished(Worker(networks, X2, ledger), job)
        job.target.unlink()
        assert finished(Worker(networks, X2, ledger), job).state == "done"
        assert job.target.exists()

    def test_foreign_file_is_left_alone_until_overwrite(
        self, networks: Any, ledger: Ledger, job: Job
    ) -> None:
        job.target.write_bytes(b"somebody's")
        for _ in range(2):
            outcome = finished(Worker(networks, X2, ledger), job)
            assert outcome.error == f"{job.target} exists already: --overwrite replaces it"
            assert job.target.read_bytes() == b"somebody's"
        assert finished(Worker(networks, X2, ledger, overwrite=True), job).state == "done"
        assert finished(Worker(networks, X2, ledger), job).state == "skipped"

    def test_edited_result_is_a_foreign_file(self, networks: Any, ledger: Ledger, job: Job) -> None:
        finished(Worker(networks, X2, ledger), job)
        job.target.write_bytes(b"retouched")
        assert finished(Worker(networks, X2, ledger), job).state == "failed"
        assert job.target.read_bytes() == b"retouched"

    def test_without_ledger_nothing_is_replaced_until_overwrite(
        self, networks: Any, job: Job
    ) -> None:
        assert finished(Worker(networks, X2), job).state == "done"
        assert not (job.target.parent / FILE_NAME).exists()
        assert finished(Worker(networks, X2), job).state == "failed"
        assert finished(Worker(networks, X2, overwrite=True), job).state == "done"

    def test_failed_input_is_tried_again(self, networks: Any, ledger: Ledger, job: Job) -> None:
        whole = job.source.read_bytes()
        job.source.write_bytes(whole[:-100])
        outcome = finished(Worker(networks, X2, ledger), job)
        assert outcome.error is not None
        assert "cannot be decoded" in outcome.error
        (entry,) = ledger.entries()
        assert (entry.state, entry.error) == ("failed", outcome.error)
        job.source.write_bytes(whole)
        assert finished(Worker(networks, X2, ledger), job).state == "done"
        (entry,) = ledger.entries()
        assert (entry.state, entry.error) == ("done", None)

    def test_result_stays_ours_through_any_failures(
        self, networks: Any, ledger: Ledger, job: Job, pixels: Pixels
    ) -> None:
        finished(Worker(networks, X2, ledger), job)
        for _ in range(2):
            job.source.write_bytes(b"broken")
            assert finished(Worker(networks, X2, ledger), job).state == "failed"
        Image.fromarray(255 - pixels).save(job.source)
        assert finished(Worker(networks, X2, ledger), job).state == "done"

    def test_older_result_stays_ours_if_its_successor_never_got_its_name(
        self,
        networks: Any,
        ledger: Ledger,
        job: Job,
        pixels: Pixels,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        finished(Worker(networks, X2, ledger), job)
        Image.fromarray(255 - pixels).save(job.source)
        old = job.target.read_bytes()

        def refuse(self: Path, target: Path) -> None:
            raise PermissionError(13, "not now")

        with monkeypatch.context() as patched:
            patched.setattr(Path, "replace", refuse)
            for _ in range(2):
                outcome = finished(Worker(networks, X2, ledger), job)
                assert outcome.error == "cannot be written (not now)"
        assert job.target.read_bytes() == old
        assert not list(job.target.parent.glob("*.jcarsr-part"))
        assert finished(Worker(networks, X2, ledger), job).state == "done"


class TestGradientMap:
    SETTINGS = replace(X2, gradient=True)

    def test_is_written_beside_and_entered(self, networks: Any, ledger: Ledger, job: Job) -> None:
        outcome = finished(Worker(networks, self.SETTINGS, ledger), job)
        assert outcome.state == "done"
        place = job.target.with_name("a_x2.gradient.png")
        assert gradient_path(job.target) == place
        assert result_pixels(place).shape == (40, 60, 3)
        hashes = {entry.target: entry.result_sha256 for entry in ledger.entries()}
        assert hashes == {
            "a_x2.png": file_sha256(job.target),
            "a_x2.gradient.png": file_sha256(place),
        }
        assert finished(Worker(networks, self.SETTINGS, ledger), job).state == "skipped"

    def test_asked_for_later_is_made_later(self, networks: Any, ledger: Ledger, job: Job) -> None:
        finished(Worker(networks, X2, ledger), job)
        assert finished(Worker(networks, self.SETTINGS, ledger), job).state == "done"
        assert gradient_path(job.target).exists()

    @pytest.mark.parametrize("deleted", ["map", "result"])
    def test_either_that_was_deleted_is_made_again(
        self, networks: Any, ledger: Ledger, job: Job, deleted: str
    ) -> None:
        finished(Worker(networks, self.SETTINGS, ledger), job)
        gone = job.target if deleted == "result" else gradient_path(job.target)
        content = gone.read_bytes()
        gone.unlink()
        assert finished(Worker(networks, self.SETTINGS, ledger), job).state == "done"
        assert gone.read_bytes() == content

    @pytest.mark.parametrize("with_ledger", [True, False])
    def test_somebodys_file_in_its_place_is_left_alone(
        self, networks: Any, ledger: Ledger, job: Job, with_ledger: bool
    ) -> None:
        place = gradient_path(job.target)
        place.write_bytes(b"somebody's")
        kept = ledger if with_ledger else None
        outcome = finished(Worker(networks, self.SETTINGS, kept), job)
        assert outcome.error == f"{place} exists already: --overwrite replaces it"
        assert place.read_bytes() == b"somebody's"
        assert not job.target.exists()
        outcome = finished(Worker(networks, self.SETTINGS, kept, overwrite=True), job)
        assert outcome.state == "done"
        assert place.read_bytes() != b"somebody's"

    def test_its_result_that_could_not_be_saved_is_tried_again(
        self, networks: Any, ledger: Ledger, job: Job, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        save = worker_module.save

        def fail(picture: Any, path: Path, *args: Any) -> tuple[str, ...]:
            if path == job.target:
                raise ImageError("cannot be written (for the test)")
            return save(picture, path, *args)

        with monkeypatch.context() as patched:
            patched.setattr(worker_module, "save", fail)
            assert finished(Worker(networks, self.SETTINGS, ledger), job).state == "failed"
        assert gradient_path(job.target).exists()
        assert finished(Worker(networks, self.SETTINGS, ledger), job).state == "done"


class TestFailed:
    def test_refused_input_is_not_entered(self, networks: Any, ledger: Ledger) -> None:
        refused = Refused(Path("x"), "a folder without pictures")
        outcome = Worker(networks, X2, ledger).failed(refused, JCARSRError(refused.reason))
        assert outcome == Outcome(source=Path("x"), state="failed", error=refused.reason)
        assert ledger.entries() == []

    def test_undecodable_name_in_the_reason_is_entered(
        self, networks: Any, ledger: Ledger, job: Job
    ) -> None:
        odd = replace(job, target=job.target.with_name(os.fsdecode(b"\xff\n.png")))
        odd.target.touch()
        outcome = finished(Worker(networks, X2, ledger), odd)
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
