"""Where a result may be written."""

from __future__ import annotations

import os
import unicodedata
from functools import lru_cache
from pathlib import Path

from jcarsr.errors import ImageError


def exists(path: Path) -> bool:
    """Return whether a name is taken, be it by a folder or by a link that leads nowhere.

    Raises:
        ImageError: there can be no file of that name.
    """
    try:
        path.lstat()
    except FileNotFoundError:
        return False
    except OSError as error:
        raise unwritable(path, error) from error
    return True


def check_place(path: Path, *, overwrite: bool, source: Path | None = None) -> None:
    """See whether a result may be written.

    Args:
        path: of the result.
        overwrite: it may replace a file.
        source: which it may not replace in any case.

    Raises:
        ImageError: there is a file that must not be replaced, or there can be none.
    """
    if source is not None and place_of(path) == place_of(source):
        raise ImageError(f"its result {path} would replace it: originals stay")
    if exists(path) and not overwrite:
        raise ImageError(f"{path} exists already: overwrite=True replaces it")


def place_of(path: Path) -> str:
    """Return the same for all names of a file: links, "..", and case where that does not count.

    Nor does it count there how an accent is written, as one character or two.
    """
    real = os.path.realpath(path)
    if ignores_case(os.path.dirname(real)):
        return unicodedata.normalize("NFC", real).casefold()
    return real


@lru_cache(maxsize=4096)
def ignores_case(folder: str) -> bool:
    """Return whether names in a folder, which need not be there yet, differ by more than case."""
    try:
        with os.scandir(folder) as entries:
            name = next((one.name for one in entries if one.name != one.name.swapcase()), None)
        if name is not None:
            names = (os.path.join(folder, each) for each in (name, name.swapcase()))
            return os.path.samefile(*names)
    except FileNotFoundError:
        if os.path.exists(folder):  # and the other name is not
            return False
    except OSError:
        return False
    above = os.path.dirname(folder)
    return above != folder and ignores_case(above)


def unwritable(path: Path, error: OSError) -> ImageError:
    """Return the refusal of a result of which the file system says `error`."""
    return ImageError(f"its result {path} cannot be written ({error.strerror or error})")
