"""One picture file -> the files of its results: read, restore, write. Knows no other file."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from jcarsr.errors import ImageError, LargePictureError, MemoryLimitError, StorageError
from jcarsr.image import (
    Animation,
    Format,
    Picture,
    SaveOptions,
    check_format,
    encode_picture,
    format_of,
    save,
    save_bytes,
)
from jcarsr.image.guard import check_length
from jcarsr.image.header import Header
from jcarsr.progress import OnTile, ignore_progress
from jcarsr.restoring.animate import check_film
from jcarsr.restoring.beside import signed_map, signed_page
from jcarsr.restoring.comparison import Comparison
from jcarsr.restoring.devices import Devices
from jcarsr.restoring.memory import fitting_tile
from jcarsr.restoring.networks import Networks
from jcarsr.restoring.outcome import Outcome, outcome_of
from jcarsr.restoring.outputs import Kind, output_paths
from jcarsr.restoring.picture import RestoredOutputs, restore_picture
from jcarsr.restoring.place import check_place, unwritable
from jcarsr.restoring.reading import FileInput, PlainReader, Reader
from jcarsr.restoring.settings import Settings


class FileRestorer:
    """Restores files, each by `run` or in three steps; may be used from several threads.

    Args:
        networks: what restores, and what the first of `devices` has.
        settings: how; without a limit on memory, that of `networks` counts.
        reader: reads the files.
        devices: have the same networks each; None = `networks` restores alone.
    """

    def __init__(
        self,
        networks: Networks,
        settings: Settings,
        reader: Reader = PlainReader(),  # noqa: B008
        devices: Devices[Networks] | None = None,
    ) -> None:
        if settings.read.max_memory is None:
            limited = replace(settings.read, max_memory=networks.max_memory)
            settings = replace(settings, read=limited)
        self.networks, self.settings, self._reader = networks, settings, reader
        self._devices = devices or Devices([networks])

    def run(
        self,
        source: Path,
        target: Path,
        on_tile: OnTile = ignore_progress,
        *,
        overwrite: bool = False,
    ) -> Outcome:
        """Read, restore and write one file.

        Args:
            source: a picture of any kind.
            target: the result; its extension decides the format.
            on_tile: called with (tiles done, tiles in all).
            overwrite: results may exist, but may not be the source.

        Returns:
            an outcome whose state is "done".

        Raises:
            StorageError: nothing more can be written.
            JCARSRError: it cannot be restored or saved; the message does not name the source.
        """
        started = time.perf_counter()
        paths = self.paths(target)
        for path in paths.values():
            check_place(path, overwrite=overwrite, source=source)
        self.check(source)
        restored = self.restore(self.read(source), target, on_tile)
        notes = tuple[str, ...]()
        with _measuring(restored):
            for kind, path in reversed(paths.items()):
                notes = (*self.write(restored, kind, path), *notes)
        return outcome_of(
            restored, source, target, notes=notes, seconds=time.perf_counter() - started
        )

    def run_bytes(self, data: bytes, format: Format, name: str | Path) -> tuple[bytes, Outcome]:
        """Restore the bytes of a file into those of another; the picture is the only output.

        Args:
            data: of a picture of any kind.
            format: of the result.
            name: of the source, for the outcome.

        Returns:
            what `run` writes, and an outcome whose state is "done" and which has no target.

        Raises:
            JCARSRError: as `run`.
        """
        started = time.perf_counter()
        check_length(len(data))
        self.check(data)
        restored = self.restore(self.read(data), Path(f"result.{format}"))
        with _measuring(restored):
            result, notes = encode_picture(restored.first, format, self.settings.save)
        seconds = time.perf_counter() - started
        return result, outcome_of(restored, name, None, notes=notes, seconds=seconds)

    def paths(self, target: Path) -> dict[Kind, Path]:
        """Return the file of each output. They are written in reverse: the target last."""
        return output_paths(target, self.settings.outputs)

    @property
    def settings_text(self) -> str:
        """What ledgers keep of the settings.

        Raises:
            WeightsError: weights that all pictures need are missing.
        """
        networks, settings = self.networks, self.settings
        crisp = networks.crisp_hashes(settings.target) if settings.crisp else ()
        return settings.as_text(networks.scales, chooses=networks.chooses, crisp=crisp)

    def read(self, source: FileInput) -> Picture | Animation:
        """Decode a file.

        Raises:
            ImageError: it cannot be read as a picture.
        """
        return self._reader.decode(source, self.settings.read)

    def check(self, source: FileInput) -> Header:
        """Return what a file's header says, once it is clear that memory suffices for it.

        Raises:
            LargePictureError: it could not be restored within the memory allowed.
            JCARSRError: it cannot be read, or no network enlarges so far.
        """
        header = self._reader.header(source, self.settings.read)
        most, networks = self.networks.max_memory, self.networks
        if most is None:
            return header
        size = self.settings.target.size(*header.size)
        scale = self.settings.target.native_scale(*header.size, networks.scales)
        facts = networks.record(scale).facts
        try:
            if header.frames > 1:
                check_film(header.frames, size, most)
            fitting_tile(
                header.height,
                header.width,
                scale=scale,
                tile=networks.tile(scale),
                bytes_per_pixel=facts.bytes_per_pixel(facts.picture_output),
                max_memory=most,
                itemsize=header.itemsize,
            )
        except MemoryLimitError as error:
            raise LargePictureError(str(error)) from error
        return header

    def restore(
        self, picture: Picture | Animation, target: Path, on_tile: OnTile = ignore_progress
    ) -> RestoredOutputs:
        """Make all outputs of a picture, once it is clear that `target` can hold the first.

        Of several devices one that is free does it, or one that becomes free.

        Raises:
            ImageError: it cannot.
            DeviceError: no device computes any more.
            JCARSRError: as `restore_picture`.
        """
        if self.settings.outputs[0] == "picture":
            size = self.settings.target.size(*picture.size)
            check_format(picture, size, format_of(target) or "")
        return self._devices.use(
            lambda networks: restore_picture(picture, networks, self.settings, on_tile)
        )

    def write(
        self,
        restored: RestoredOutputs,
        kind: Kind,
        path: Path,
        before_rename: Callable[[Path], None] = lambda partial: None,
    ) -> tuple[str, ...]:
        """Save one output.

        Args:
            restored: has it.
            kind: which.
            path: its file, which is replaced if it exists.
            before_rename: called with the temporary file when it is complete.

        Returns:
            what could not be kept, a few words each.

        Raises:
            StorageError: nothing more can be written.
            ImageError: this one cannot be saved.
        """
        try:
            return self._write(restored, kind, path, before_rename)
        except StorageError:
            raise
        except ImageError as error:
            if isinstance(error.__cause__, OSError):  # of the result's place, not of the picture
                raise unwritable(path, error.__cause__) from error
            raise

    def _write(
        self,
        restored: RestoredOutputs,
        kind: Kind,
        path: Path,
        before_rename: Callable[[Path], None],
    ) -> tuple[str, ...]:
        output = restored.outputs[kind]
        if isinstance(output, Comparison):
            page = signed_page(output.page(path.name.removesuffix(".compare.html")))
            save_bytes(page, path, before_rename)
            return ()
        options = self.settings.save if kind == "picture" else SaveOptions()
        if kind != "picture" and isinstance(output, Picture) and format_of(path) == "png":
            output = signed_map(output)
        return save(output, path, options, before_rename)


@contextmanager
def _measuring(restored: RestoredOutputs) -> Generator[None]:
    """Measure what the JPEG supports of a result in another thread while the block runs."""
    with ThreadPoolExecutor(1) as thread:
        measured = thread.submit(lambda: restored.support)
        yield
        measured.result()
