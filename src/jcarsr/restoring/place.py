"""Where a result may be written."""

from __future__ import annotations

import os
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
    if source is not None and os.path.realpath(path) == os.path.realpath(source):
        raise ImageError(f"its result {path} would replace it: originals stay")
    if exists(path) and not overwrite:
        raise ImageError(f"{path} exists already: overwrite=True replaces it")


def unwritable(path: Path, error: OSError) -> ImageError:
    """Return the refusal of a result of which the file system says `error`."""
    return ImageError(f"its result {path} cannot be written ({error.strerror or error})")
