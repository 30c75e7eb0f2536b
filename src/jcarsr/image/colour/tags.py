"""What a file says of its colours elsewhere than in an ICC profile.

PNG has the chunks cICP, sRGB, gAMA and cHRM (PNG specification, third edition, 11.3.2), AVIF and
HEIC have `colr` boxes of type nclx (ISO/IEC 14496-12, 12.1.5), BMP has a header of version 4.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import IO

from jcarsr.image.colour.icc import Chromaticities
from jcarsr.image.png.layout import is_png, iter_chunks

COLOUR_TAGS = "jcarsr: colour tags"
"""Key of an opened image's `info`: the file's `ColourTags`."""

_MAX_META = 2**24  # bytes of an AVIF's or HEIC's description; a larger one is not looked at
_MAX_PROFILE = 2**24  # bytes of a BMP's ICC profile
_MAX_CHUNKS = 10_000  # before a PNG's pixels


@dataclass(frozen=True, kw_only=True)
class CodePoints:
    """Coding-independent code points (ITU-T H.273)."""

    primaries: int
    transfer: int
    matrix: int
    full_range: bool


@dataclass(frozen=True, kw_only=True)
class ColourTags:
    """Everything found; None = the file does not say."""

    code_points: CodePoints | None = None
    before_profile: bool = False
    """The code points count more than an ICC profile."""
    srgb: bool = False
    gamma: float | None = None
    """Exponent from stored values to light."""
    chromaticities: Chromaticities | None = None
    profile: bytes | None = None
    """An ICC profile where Pillow does not look."""


def read_colour_tags(stream: IO[bytes]) -> ColourTags:
    """Look at a file's description of its colours; what is cut off counts as not there.

    Leaves the stream somewhere else.
    """
    stream.seek(0)
    head = stream.read(16)
    try:
        if is_png(head):
            return _of_png(stream)
        if head[4:8] == b"ftyp":
            return _of_heif(stream)
        if head.startswith(b"BM"):
            return _of_bmp(stream)
    except (struct.error, IndexError):
        pass
    return ColourTags()


def _of_png(stream: IO[bytes]) -> ColourTags:
    found: dict[bytes, bytes] = {}
    for chunk in islice(iter_chunks(stream), _MAX_CHUNKS):
        if chunk.kind == b"IDAT":
            break
        if chunk.kind in (b"cICP", b"sRGB", b"gAMA", b"cHRM") and chunk.length < 100:
            found.setdefault(chunk.kind, stream.read(chunk.length))
    points = gamma = chromaticities = None
    if len(data := found.get(b"cICP", b"")) == 4:
        primaries, transfer, matrix, full = data
        points = CodePoints(
            primaries=primaries, transfer=transfer, matrix=matrix, full_range=bool(full)
        )
    if len(data := found.get(b"gAMA", b"")) == 4 and (stored := int.from_bytes(data)):
        gamma = 100_000 / stored
    if len(data := found.get(b"cHRM", b"")) == 32:
        x = [value / 100_000 for value in struct.unpack(">8i", data)]
        chromaticities = (x[0], x[1], x[2], x[3], x[4], x[5], x[6], x[7])
    return ColourTags(
        code_points=points,
        before_profile=True,
        srgb=b"sRGB" in found,
        gamma=gamma,
        chromaticities=chromaticities,
    )


def _of_heif(stream: IO[bytes]) -> ColourTags:
    size = stream.seek(0, 2)
    at = 0
    while at + 8 <= size:
        stream.seek(at)
        head = stream.read(16)
        length, kind = struct.unpack_from(">I4s", head)
        start = at + 8
        if length == 1:
            (length,) = struct.unpack_from(">Q", head, 8)
            start = at + 16
        end = at + length if length >= 8 else size
        if kind == b"meta" and end - start <= _MAX_META:
            stream.seek(start)
            return ColourTags(code_points=_of_primary(stream.read(end - start)[4:]))
        at = end
    return ColourTags()


def _of_primary(meta: bytes) -> CodePoints | None:
    """The code points of the picture that a `meta` box calls the primary one."""
    boxes = dict(_boxes(meta))
    primary = boxes.get(b"pitm", b"")
    item = int.from_bytes(primary[4 : 8 if primary[:1] == b"\1" else 6])
    within = dict(_boxes(boxes.get(b"iprp", b"")))
    properties = list(_boxes(within.get(b"ipco", b"")))
    for index in _property_numbers(within.get(b"ipma", b""), item):
        kind, data = properties[index - 1] if 0 < index <= len(properties) else (b"", b"")
        if kind == b"colr" and data[:4] == b"nclx":
            primaries, transfer, matrix, flags = struct.unpack_from(">HHHB", data, 4)
            return CodePoints(
                primaries=primaries, transfer=transfer, matrix=matrix, full_range=bool(flags >> 7)
            )
    return None


def _property_numbers(ipma: bytes, item: int) -> Iterator[int]:
    """Numbers, from 1, of the properties that an item has (ISO/IEC 23008-12, 9.3.1)."""
    if len(ipma) < 8:
        return
    wide_items, wide_numbers = ipma[0] >= 1, ipma[3] & 1
    (count,) = struct.unpack_from(">I", ipma, 4)
    at = 8
    for _ in range(min(count, len(ipma))):
        (found,) = struct.unpack_from(">I" if wide_items else ">H", ipma, at)
        at += 4 if wide_items else 2
        number = ipma[at]
        at += 1
        for _ in range(number):
            if wide_numbers:
                index = struct.unpack_from(">H", ipma, at)[0] & 0x7FFF
                at += 2
            else:
                index = ipma[at] & 0x7F
                at += 1
            if found == item:
                yield index


def _boxes(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    at = 0
    while at + 8 <= len(data):
        length, kind = struct.unpack_from(">I4s", data, at)
        if length < 8:
            length = len(data) - at
        yield kind, data[at + 8 : at + length]
        at += length


def _of_bmp(stream: IO[bytes]) -> ColourTags:
    """BITMAPV4HEADER and BITMAPV5HEADER of Windows."""
    stream.seek(14)
    header = stream.read(124)
    (size,) = struct.unpack_from("<I", header)
    if size < 108:
        return ColourTags()
    kind, *ends = struct.unpack_from("<I9i", header, 56)
    if kind == 0:  # LCS_CALIBRATED_RGB
        gammas = [value / 65536 for value in struct.unpack_from("<3I", header, 96)]
        sums = [sum(ends[at : at + 3]) for at in (0, 3, 6)]
        if min(*sums, *gammas) <= 0 or max(gammas) - min(gammas) > 0.01:
            return ColourTags()  # most writers leave them empty
        white = [sum(ends[at::3]) for at in range(3)]
        xy = [part / sum(white) for part in white[:2]]
        xy += [ends[at + part] / sums[at // 3] for at in (0, 3, 6) for part in (0, 1)]
        whole: Chromaticities = (xy[0], xy[1], xy[2], xy[3], xy[4], xy[5], xy[6], xy[7])
        return ColourTags(gamma=gammas[0], chromaticities=whole)
    if kind == int.from_bytes(b"MBED") and size >= 124:
        place, length = struct.unpack_from("<II", header, 112)
        stream.seek(14 + place)
        return ColourTags(profile=stream.read(length) if length <= _MAX_PROFILE else None)
    return ColourTags()
