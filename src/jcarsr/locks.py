"""A lock on an open file or folder, between processes of one machine."""

from __future__ import annotations

import sys

if sys.platform != "win32":
    import fcntl


def lock_file(descriptor: int, *, wait: bool = False) -> bool | None:
    """Lock what is open until it is closed, or its process ends.

    Args:
        descriptor: of a file or folder.
        wait: until another lets it go.

    Returns:
        False if another holds it, None where nothing can be locked: on Windows, on some network
        shares.
    """
    if sys.platform == "win32":
        return None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
    except BlockingIOError:
        return False
    except OSError:
        return None
    return True
