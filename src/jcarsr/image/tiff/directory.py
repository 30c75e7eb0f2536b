"""The directories of a TIFF, read before Pillow sees it: what kind it is, and how much it asks."""

from __future__ import annotations

import io
import struct
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import IO

from jcarsr.errors import ImageError, PixelLimitError
from jcarsr.image.metadata.ifd import CAMERA, GPS, INTEROP, ORDERS, SIZES

MAX_PAGES = 5_000
"""Directories in a row; a TIFF with more is refused."""

MAX_VALUES = 2_000_000
"""Values of all tags of a directory that are numbers; a TIFF with more is refused."""

_PREFIXES = {
    **{prefix: (order, False) for prefix, order in ORDERS.items()},
    b"II+\0": ("<", True),
    b"MM\0+": (">", True),
}
"""How TIFFs begin: their byte order, and whether they are BigTIFFs, whose places take 8 bytes."""

_SIZES = {**SIZES, 17: 8, 18: 8}  # types of BigTIFF

_LETTERS = {1: "B", 3: "H", 4: "I", 13: "I", 16: "Q", 18: "Q"}
_BLOB = frozenset({1, 2, 6, 7})  # types of single bytes, which cost what they are long
_TAGS = frozenset(
    {254, 256, 257, 258, 259, 262, 277, 322, 323, 330, 338, 339, 50706, CAMERA, GPS, INTEROP}
)
_MOST_SUBDIRECTORIES, _MOST_TAGS = 16, 65_535
_NEWSUBFILE, _COMPRESSION, _PHOTOMETRIC, _SUBDIRECTORIES, _DNG = 254, 259, 262, 330, 50706
_SENSOR = frozenset({32803, 34892})  # photometric: colour filter array, linear raw
# Compressions of Sony, Nikon, Adobe, Kodak and Pentax.
_CAMERAS = frozenset({32767, 34713, 34892, 65000, 65535})
# How raw files begin that are no plain TIFFs: of Olympus, Panasonic, Canon, Fuji and Sigma.
_RAW = {
    (0, b"IIRO"): "ORF",
    (0, b"IIRS"): "ORF",
    (0, b"MMOR"): "ORF",
    (0, b"IIU\0"): "RW2",
    (8, b"CR\2"): "CR2",
    (4, b"ftypcrx "): "CR3",
    (6, b"HEAPCCDR"): "CRW",
    (0, b"FUJIFILMCCD-RAW"): "RAF",
    (0, b"FOVb"): "X3F",
}

Directory = dict[int, tuple[int, ...]]


@dataclass(frozen=True)
class _Walk:
    stream: IO[bytes]
    order: str
    big: bool
    length: int
    """Bytes of the file."""

    @property
    def first(self) -> int:
        """Place of the first directory.

        Raises:
            struct.error: beyond the file's end.
        """
        self.stream.seek(8 if self.big else 4)
        return self._number()

    def directory(self, place: int) -> tuple[Directory, int]:
        """The tags that matter of one directory, and the place of the next; 0 = none.

        Raises:
            ImageError: more values than any picture needs.
            struct.error: beyond the file's end.
        """
        if place > self.length:
            raise struct.error("beyond the end")
        self.stream.seek(place)
        (count,) = self._unpack("Q" if self.big else "H", self.stream.read(8 if self.big else 2))
        if count > _MOST_TAGS:
            raise ImageError(f"more than {_MOST_TAGS:,} tags in its directory: refused")
        inline = 8 if self.big else 4  # bytes of a value that stands in the directory itself
        entries = self.stream.read((inline * 2 + 4) * count)
        rest = self.stream.read(inline)
        found: Directory = {}
        values = held = 0
        layout = f"{self.order}HH{self._letter}{inline}s"
        for tag, kind, number, value in struct.iter_unpack(layout, entries):
            values += 0 if kind in _BLOB else number
            size = number * _SIZES.get(kind, 0)
            if size > inline and self._unpack(self._letter, value)[0] + size <= self.length:
                held += size
            if held > self.length:
                raise ImageError("values that lie over each other: refused")
            if values > MAX_VALUES:
                raise ImageError(f"more than {MAX_VALUES:,} values in its directory: refused")
            if tag in _TAGS and kind in _LETTERS and number:
                found[tag] = self._values(kind, min(number, _MOST_SUBDIRECTORIES), number, value)
        return found, self._unpack(self._letter, rest)[0] if len(rest) == inline else 0

    @property
    def _letter(self) -> str:
        """Of a place or a number of values, as `struct` calls it."""
        return "Q" if self.big else "I"

    def _number(self) -> int:
        return self._unpack(self._letter, self.stream.read(8 if self.big else 4))[0]

    def _unpack(self, letters: str, data: bytes) -> tuple[int, ...]:
        return struct.unpack(self.order + letters, data)

    def _values(self, kind: int, wanted: int, number: int, value: bytes) -> tuple[int, ...]:
        if number * _SIZES[kind] > len(value):
            place = self._unpack(self._letter, value)[0]
            if place > self.length:
                raise struct.error("beyond the end")
            self.stream.seek(place)
            value = self.stream.read(wanted * _SIZES[kind])
        size = wanted * _SIZES[kind]
        return self._unpack(f"{wanted}{_LETTERS[kind]}", value[:size])


def check_tiff(stream: IO[bytes], max_pixels: int) -> None:
    """Refuse camera raw files and TIFFs that ask for more than a picture needs.

    Other files pass; what is broken is left to Pillow.

    Raises:
        ImageError: a camera raw file, of which only a preview could be read; too many pages or
            values; a BigTIFF that Pillow does not know.
        PixelLimitError: a tile of more than `max_pixels`.
    """
    stream.seek(0)
    head = stream.read(32)
    for (at, beginning), name in _RAW.items():
        if head[at:].startswith(beginning):
            raise ImageError(_raw(name))
    walk = _walk(stream)
    if walk is None:
        return
    with suppress(struct.error):
        _check(walk, walk.first, max_pixels)
    if walk.big and walk.order == ">":  # Pillow takes its header for that of a plain TIFF
        raise ImageError("BigTIFFs of big-endian byte order are not supported")


def kind_of_tiff(stream: IO[bytes]) -> str | None:
    """What a TIFF is that Pillow does not know, in words; None = it is no TIFF."""
    walk = _walk(stream)
    if walk is None:
        return None
    try:
        tags, _ = walk.directory(walk.first)
    except (struct.error, ImageError):
        return None
    if not all(tags.get(tag, (0,))[0] for tag in (256, 257)):
        return None
    bits = tags.get(258, (1,))
    samples = tags.get(277, (len(bits),))[0]
    photometric = tags.get(_PHOTOMETRIC, (-1,))[0]
    if 3 in tags.get(339, ()):
        return f"TIFFs of {bits[0]}-bit floating point numbers are not supported"
    if photometric == 5 and samples > 4:
        return "CMYK TIFFs with transparency or spot colours are not supported"
    return (
        f"TIFFs of {samples} x {bits[0]} bits, photometric interpretation {photometric} and "
        f"compression {tags.get(_COMPRESSION, (1,))[0]} are not supported"
    )


def _walk(stream: IO[bytes]) -> _Walk | None:
    stream.seek(0)
    found = _PREFIXES.get(stream.read(4))
    return None if found is None else _Walk(stream, *found, stream.seek(0, io.SEEK_END))


def _check(walk: _Walk, place: int, max_pixels: int) -> None:
    seen = set[int]()
    while place and place not in seen:
        seen.add(place)
        if len(seen) > MAX_PAGES:
            raise ImageError(f"more than {MAX_PAGES:,} pages: refused")
        tags, following = walk.directory(place)
        across, down = (tags.get(tag, (0,))[0] for tag in (322, 323))
        if across * down > max_pixels:
            raise PixelLimitError(
                f"tiles of {across}x{down} are more than {max_pixels:,} pixels: refused as a bomb"
            )
        if len(seen) == 1:
            _refuse_raw(walk, tags)
        for group in (place for tag in (CAMERA, GPS) for place in tags.get(tag, ())):
            for inner in _readable(walk, group):
                for deeper in inner.get(INTEROP, ()):
                    list(_readable(walk, deeper))
        place = following


def _refuse_raw(walk: _Walk, tags: Directory) -> None:
    if _DNG in tags:
        raise ImageError(_raw("DNG"))
    inner = [tags]
    for place in tags.get(_SUBDIRECTORIES, ()):
        inner += _readable(walk, place)
    for found in inner:
        sensor = _SENSOR.intersection(found.get(_PHOTOMETRIC, ()))
        if sensor or _CAMERAS.intersection(found.get(_COMPRESSION, ())):
            raise ImageError(_raw(""))
    if tags.get(_NEWSUBFILE, (0,))[0] & 1:
        raise ImageError(_raw(""))


def _readable(walk: _Walk, place: int) -> Iterator[Directory]:
    try:
        yield walk.directory(place)[0]
    except struct.error:
        return


def _raw(name: str) -> str:
    kind = f" ({name})" if name else ""
    return f"a camera raw file{kind}: only its preview could be read"
