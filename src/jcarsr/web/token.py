"""A secret that clients must know, for servers that others can reach."""

from __future__ import annotations

import hashlib
import hmac
import os
import stat
from pathlib import Path

from jcarsr.errors import JCARSRError

_LEAST = 20  # characters, too many to be found by trying
_MOST = 4096  # bytes of the file
_OPEN = frozenset({"/", "/docs", "/openapi.json", "/healthz"})
_OPEN_FOLDER = "/static/"


def read_token(path: Path) -> str:
    """Read the token in a file that its owner alone may read.

    Returns:
        The file's only line, without the space around it.

    Raises:
        JCARSRError: it cannot be read, others may read or change it, or it holds no good token.
    """
    try:
        with path.open("rb") as file:
            mode = os.fstat(file.fileno()).st_mode
            data = file.read(_MOST + 1)
    except OSError as error:
        raise JCARSRError(f"{path}: cannot be read ({error.strerror})") from error
    if os.name == "posix" and mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise JCARSRError(
            f"{path}: others may read or change it (mode {mode & 0o777:03o}): chmod 600"
        )
    try:
        token = data.decode("ascii").strip()
    except UnicodeDecodeError:
        token = ""
    if not token.isprintable() or " " in token or not _LEAST <= len(token) <= _MOST:
        raise JCARSRError(f"{path}: holds no token: one line of {_LEAST} or more ASCII characters")
    return token


class Gate:
    """Lets requests pass that know the token.

    Args:
        token: None = all pass.
    """

    def __init__(self, token: str | None) -> None:
        self._digest = None if token is None else _digest(token.encode())

    def is_open(self, path: str, authorization: str) -> bool:
        """Return whether a request may pass.

        Args:
            path: what is asked for. The page's own files, which hold nothing of anybody, and
                /healthz are open to all.
            authorization: the header.
        """
        if self._digest is None or path in _OPEN or path.startswith(_OPEN_FOLDER):
            return True
        scheme, _, given = authorization.partition(" ")
        # digests are of one length, and how far they agree says nothing about the token
        known = hmac.compare_digest(_digest(given.strip().encode("latin-1")), self._digest)
        return known and scheme.lower() == "bearer"


def _digest(token: bytes) -> bytes:
    return hashlib.sha256(token).digest()
