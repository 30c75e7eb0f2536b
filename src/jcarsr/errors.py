"""Errors that a user can mend: one line each, with the file or the value."""

from __future__ import annotations

import re

_ARGUMENT = re.compile(
    r"(?<![\w/\\])"  # not of a file's name
    r"(?:(overwrite|salvage|first_frame)=True|(scale|precision|engine|crisp_weights)=(?=\w))"
    r"(?!\S*\.\w)"
)


def with_options(message: str) -> str:
    """Return a message that names arguments of the library, with the command's options instead.

    >>> with_options("b.png exists already: overwrite=True replaces it")
    'b.png exists already: --overwrite replaces it'
    >>> with_options("choose precision=float32 or auto")
    'choose --precision float32 or auto'
    """

    def option(found: re.Match[str]) -> str:
        name = found[1] or f"{found[2]} "
        return f"--{name.replace('_', '-')}"

    return _ARGUMENT.sub(option, message)


def one_line(error: Exception) -> str:
    """The text of somebody else's error without its line breaks, or its type if it has no text."""
    reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    return " ".join(reason.split()) or type(error).__name__


def format_bytes(count: int) -> str:
    """A size of memory in words.

    >>> format_bytes(3 * 2**29), format_bytes(35 * 2**20 + 1), format_bytes(10_000)
    ('1.5 GiB', '35 MiB', '9.8 KiB')
    """
    units = {"GiB": 2**30, "MiB": 2**20, "KiB": 2**10}
    unit = next((name for name, size in units.items() if count >= size), "KiB")
    value = count / units[unit]
    return f"{value:.1f} {unit}" if value < 10 else f"{value:.0f} {unit}"


class JCARSRError(Exception):
    """Base of the package's own errors; the command prints its text alone, without a traceback."""


class ImageError(JCARSRError):
    """A file that cannot be read or written as a picture."""


class PixelLimitError(ImageError):
    """A file with more pixels than allowed."""


class WeightsError(JCARSRError):
    """A weight file or name that cannot be used."""


class DataError(JCARSRError):
    """A training source or test set that cannot be used."""


class TrainingError(JCARSRError):
    """A training run that cannot start or go on."""


class MemoryLimitError(JCARSRError):
    """What there is not enough memory for: a picture, a tile, the pictures of a training."""


class LargePictureError(ImageError, MemoryLimitError):
    """A file whose pixels would take more memory than they may."""


class DeviceError(JCARSRError):
    """A device that computes no more: what is wrong is no picture's."""


class LedgerError(JCARSRError):
    """The record of an output folder that cannot be kept."""


class StorageError(ImageError):
    """Nothing more can be written: the disk is full or read-only."""
