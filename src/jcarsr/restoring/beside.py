"""Maps and comparisons beside a result: what they say of themselves, and which are out of date."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from jcarsr.errors import ImageError
from jcarsr.image import Picture, apply_orientation
from jcarsr.image.decode import decode
from jcarsr.restoring.outputs import BESIDE, Kind, output_paths

_KEYWORD = "jcarsr"
_ENDINGS = frozenset({".png", ".jpg", ".jpeg", ".webp", ".avif", ".tiff", ".tif"})  # of results
_PAGE, _NO_HASH = '<meta name="generator" content="jcarsr {}">', "0" * 64


def signed_map(picture: Picture) -> Picture:
    """Return a map upright, with the hash of its pixels in a text of its PNG."""
    upright = apply_orientation(picture)
    texts = (*upright.metadata.texts, (_KEYWORD, _hash_of(upright)))
    return replace(upright, metadata=replace(upright.metadata, texts=texts))


def signed_page(page: bytes) -> bytes:
    """Return a page whose first element is the hash of the rest of it."""
    before, head, after = page.partition(b"<head>")
    sha256 = hashlib.sha256(before + head + after).hexdigest()
    return before + head + _PAGE.format(sha256).encode() + after


def is_signed(path: Path) -> bool:
    """Return whether a file is a map or a page as it was made, and was not changed since."""
    try:
        if path.suffix == ".html":
            return _is_signed_page(path.read_bytes())
        picture = decode(path)
    except (ImageError, OSError):
        return False
    if not isinstance(picture, Picture):
        return False
    return (_KEYWORD, _hash_of(picture)) in picture.metadata.texts


def others_beside(target: Path, source: Path, outputs: Sequence[Kind]) -> Iterator[Path]:
    """Yield the files that have the names of a result's maps and comparisons but for `outputs`.

    None if they may be those of a result in another format.

    Args:
        target: the result.
        source: its input, which is no result.
        outputs: what is made of it now.
    """
    for ending in _ENDINGS - {target.suffix}:
        result = target.with_suffix(ending)
        if result.exists() and os.path.realpath(result) != os.path.realpath(source):
            return
    kinds: list[Kind] = [kind for kind in BESIDE if kind not in outputs]
    paths = output_paths(target, ("picture", *kinds))
    for path in (paths[kind] for kind in kinds):
        if path.is_file() and not path.is_symlink():
            yield path


def _is_signed_page(page: bytes) -> bool:
    length = len(_PAGE.format(_NO_HASH))
    before, head, rest = page.partition(b"<head>")
    mark, after = rest[:length], rest[length:]
    sha256 = hashlib.sha256(before + head + after).hexdigest()
    return mark == _PAGE.format(sha256).encode()


def _hash_of(picture: Picture) -> str:
    digest = hashlib.sha256(picture.samples.tobytes())
    if picture.alpha is not None:
        digest.update(picture.alpha.tobytes())
    return digest.hexdigest()
