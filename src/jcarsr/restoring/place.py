"""Where a result may be written."""

from __future__ import annotations

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


def check_place(path: Path, *, overwrite: bool) -> None:
    """See whether a result may be written.

    Raises:
        ImageError: there is a file that must not be replaced, or there can be none.
    """
    if exists(path) and not overwrite:
        raise ImageError(f"{path} exists already: --overwrite replaces it")


def unwritable(path: Path, error: OSError) -> ImageError:
    """Return the refusal of a result of which the file system says `error`."""
    return ImageError(f"its result {path} cannot be written ({error.strerror})")
