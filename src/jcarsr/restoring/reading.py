"""Files read for a run: in its own process, or in one that can be ended when it takes too long."""

from __future__ import annotations

import io
import os
import time
import warnings
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import IO, Protocol, TypeAlias, TypeVar, TypeVarTuple

from jcarsr.errors import ImageError
from jcarsr.image import Animation, Picture, ReadOptions, decode, limit_pillow
from jcarsr.image.guard import check_file
from jcarsr.image.header import Header, read_header
from jcarsr.killable import CrashError, KillableProcesses, TooLongError

DEFAULT_SECONDS = 60.0
"""How long decoding one file may take in the command."""

_PROCESSES = 2  # as many as threads that read
_QUICK_WORK = 4_000_000  # pixels that are gone through at most where no process is needed
_QUICK_BYTES = 2**20
_HEAD = 8  # bytes that show a format
_QUICK = (b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"BM")
"""How JPEGs, PNGs and BMPs begin, whose decoders do work in proportion to pixels and bytes."""

FileInput: TypeAlias = Path | bytes
"""A file, or its bytes."""

T = TypeVar("T")
Ts = TypeVarTuple("Ts")


class Reader(Protocol):
    """Reads files, from several threads."""

    def header(self, source: FileInput, options: ReadOptions) -> Header:
        """What a file's header says.

        Raises:
            ImageError: as `decode`.
        """
        ...

    def decode(self, source: FileInput, options: ReadOptions) -> Picture | Animation:
        """The picture.

        Raises:
            ImageError: as `image.decode`, or it takes too long.
        """
        ...


class PlainReader:
    """Reads in this process, as long as it takes: for callers that can be ended themselves."""

    def header(self, source: FileInput, options: ReadOptions) -> Header:
        """See `Reader`."""
        return read_header(file_of(source), options)

    def decode(self, source: FileInput, options: ReadOptions) -> Picture | Animation:
        """See `Reader`."""
        return decode(file_of(source), options)


class TimedReader:
    """Reads within a time, in processes of its own; small JPEGs, PNGs and BMPs in this one.

    The time of these is bounded by the work that there can be, and looked at afterwards. A context:
    at its end, files that are still being read are given up with `ClosedError`.

    Args:
        seconds: for one file; of an animation, for the first look at it and for each frame.
        max_pixels: for Pillow's own limit.
        option: what the refusal of a file calls the limit.
    """

    def __init__(
        self, seconds: float, max_pixels: int, *, option: str = "--decode-timeout"
    ) -> None:
        self._seconds, self._too_long = seconds, f"took longer than {seconds:g} s to be read"
        self._too_long += f" ({option})"
        self._processes = KillableProcesses(_PROCESSES, prepare_reading, max_pixels)

    def __enter__(self) -> TimedReader:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def close(self) -> None:
        """End the processes; files that need one are refused afterwards with `ClosedError`."""
        self._processes.close()

    def header(self, source: FileInput, options: ReadOptions) -> Header:
        """See `Reader`."""
        return self.call(_read_header, source, options)

    def decode(self, source: FileInput, options: ReadOptions) -> Picture | Animation:
        """See `Reader`."""
        found = self.call(_decode, source, options)
        if isinstance(found, Picture):
            return found

        def decode_frames() -> Iterator[Picture]:
            with _as_image_errors(self._too_long):
                yield from self._processes.stream(self._seconds, _decode_frames, source, options)

        return replace(found, decode_frames=decode_frames)

    def call(
        self,
        function: Callable[[FileInput, ReadOptions, *Ts], T],
        source: FileInput,
        options: ReadOptions,
        *args: *Ts,
    ) -> T:
        """Return what a function of a module makes of a file.

        Args:
            function: called with the file, the options and `args`.
            source: the file.
            options: how it is read.
            args: what pickle takes.

        Raises:
            ImageError: it takes too long, or the decoder crashes; what `function` raises.
        """
        if not _is_quick(source, options):
            with _as_image_errors(self._too_long):
                return self._processes.call(self._seconds, function, source, options, *args)
        started = time.monotonic()
        found = function(source, options, *args)
        if time.monotonic() - started > self._seconds:
            raise ImageError(self._too_long)
        return found


def prepare_reading(max_pixels: int) -> None:
    """Set up a process that reads, as the command is set up."""
    warnings.filterwarnings("ignore", category=UserWarning, module="PIL")  # damage becomes notes
    limit_pillow(max_pixels)


@contextmanager
def _as_image_errors(too_long: str) -> Generator[None]:
    """Make errors of a file of what ends the process that it is read in.

    Args:
        too_long: the refusal of a file that takes too long.
    """
    try:
        yield
    except TooLongError as error:
        raise ImageError(too_long) from error
    except CrashError as error:
        raise ImageError(str(error)) from error


def _read_header(source: FileInput, options: ReadOptions) -> Header:
    return read_header(file_of(source), options)


def _decode(source: FileInput, options: ReadOptions) -> Picture | Animation:
    found = decode(file_of(source), options)
    return found if isinstance(found, Picture) else replace(found, decode_frames=_no_frames)


def _decode_frames(source: FileInput, options: ReadOptions) -> Iterator[Picture]:
    found = decode(file_of(source), options)
    assert isinstance(found, Animation)
    return found.decode_frames()


def _no_frames() -> Iterator[Picture]:
    return iter(())


def _is_quick(source: FileInput, options: ReadOptions) -> bool:
    """Whether so little work is to be done on a file that its time need not be limited."""
    if isinstance(source, bytes):
        length, head = len(source), source[:_HEAD]
    else:
        try:
            check_file(source)
            with source.open("rb") as file:
                length, head = os.fstat(file.fileno()).st_size, file.read(_HEAD)
        except (ImageError, OSError):
            return True  # which reading reports
    if length > _QUICK_BYTES or not head.startswith(_QUICK):
        return False
    try:
        unlimited = replace(options, max_memory=None)
        return read_header(file_of(source), unlimited).work <= _QUICK_WORK
    except ImageError:
        return True  # as above


def file_of(source: FileInput) -> Path | IO[bytes]:
    """What the functions of `image` take."""
    return io.BytesIO(source) if isinstance(source, bytes) else source
