"""Damage in JPEGs whose codes are not followed: arithmetic-coded and lossless ones.

An arithmetic decoder takes any bytes, and zeros where there are none; libjpeg says nothing of
either that Pillow would pass on. So such a file is decoded again with changes. In a whole one, what
is put behind the data of a scan changes no pixel, and its last bytes do. If the former is not so,
data are missing, or the encoder left out the zeros that a flat end of the picture needs; if the
latter is not, some data are left over, or the decoder gave up before them.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator

import numpy as np
from PIL import Image

from jcarsr.jpeg.bits import intervals_of
from jcarsr.jpeg.damage import Damage, has_all_coefficients
from jcarsr.jpeg.structure import ARITHMETIC, LOSSLESS, Frame, Scan, Structure, mcus_of
from jcarsr.pixels import Pixels

MAX_WORK = 60_000_000
"""Pixels times scans that are decoded at most to look for damage; more stays unknown."""

_END = b"\xff\xd9"
_RESTART = re.compile(rb"\xff+[\xd0-\xd7]")
_NONSENSE = bytes(range(0x21, 0x61))
_IMPLIED = 8  # zeros that an arithmetic encoder may leave out at the end of detail
_LAST, _LAST_OF_HUFFMAN = 16, 2  # bytes that are changed at the end
_SHORTEST = 64  # bytes of an interval whose last ones must show


def probe(data: bytes, structure: Structure) -> Damage:
    """Look for damage in an arithmetic-coded or lossless JPEG by decoding it several times.

    Args:
        data: the file.
        structure: of it.
    """
    frame, scans = structure.frame, structure.scans
    if frame is None or not scans:
        return Damage(broken_off=not structure.strange, corrupt=structure.strange, complete=False)
    if (2 + len(scans)) * len(scans) * frame.width * frame.height > MAX_WORK:
        return Damage(corrupt=structure.strange, complete=structure.ended, unknown=True)
    whole = data[: structure.end] + (b"" if structure.ended else _END)
    before = _pixels(whole, frame)
    if before is None:  # decoding reports it
        return Damage(corrupt=structure.strange, complete=structure.ended)
    arithmetic = frame.kind in ARITHMETIC
    more = _pixels(_with_more(whole, scans[-1], arithmetic=arithmetic), frame)
    short = more is None or not np.array_equal(before, more)
    broken_off = (
        _lacks_intervals(whole, frame, scans[-1])
        or (arithmetic and _ends_in_zeros(whole, scans[-1]))
        or (frame.kind not in LOSSLESS and not has_all_coefficients(frame, scans))
        or (short and not (arithmetic and structure.ended))
    )
    corrupt = structure.strange or any(
        _has_rest(whole, frame, scan, before)
        for scan in scans
        if scan.first or not scan.high  # the last bit of a mean may not show
    )
    return Damage(
        broken_off=broken_off,
        corrupt=corrupt and not broken_off,
        complete=not (broken_off or corrupt or short),
        doubtful=short,
    )


def _with_more(data: bytes, scan: Scan, *, arithmetic: bool) -> bytes:
    """The file with nonsense behind the data of every interval between restart markers."""
    more = (bytes(_IMPLIED) if arithmetic else b"") + _NONSENSE
    parts, at = list[bytes](), 0
    for _, end in _intervals(data, scan):
        parts += [data[at:end], more]
        at = end
    return b"".join((*parts, data[at:]))


def _lacks_intervals(data: bytes, frame: Frame, scan: Scan) -> bool:
    mcus = mcus_of(frame, scan)[1]
    return len(list(_intervals(data, scan))) < -(-mcus // (scan.restart or mcus))


def _ends_in_zeros(data: bytes, scan: Scan) -> bool:
    """Whether a scan ends in more zeros than an encoder writes, which leaves them out."""
    return not data[scan.end - _IMPLIED : scan.end].strip(b"\0")


def _has_rest(data: bytes, frame: Frame, scan: Scan, before: Pixels) -> bool:
    """Whether an interval of a scan holds more than its pixels, or is one too many or too few."""
    count, mcus = mcus_of(frame, scan)
    each = scan.restart or mcus
    markers = [interval.marker for interval in intervals_of(data[scan.start : scan.end])[1]]
    if markers != [None, *(number % 8 for number in range(-(-mcus // each) - 1))]:
        return True
    intervals = list(_intervals(data, scan))
    long = [end - start >= _SHORTEST for start, end in intervals]
    if not any(long):
        return False
    last = _LAST if frame.kind in ARITHMETIC else _LAST_OF_HUFFMAN
    after = _pixels(_with_other_ends(data, intervals, last), frame)
    if after is None:
        return False
    changed = (before != after).any(axis=2)
    if len(intervals) == 1 or len(scan.components) < len(frame.components):
        return not changed.any()
    seen = _changed_mcus(changed, frame, len(count))
    return any(
        not seen[number * each : (number + 1) * each].any()
        for number, is_long in enumerate(long)
        if is_long
    )


def _changed_mcus(changed: np.ndarray, frame: Frame, blocks: int) -> np.ndarray:
    """Which of the MCUs, in their order, hold a pixel that changed."""
    unit = 1 if frame.kind in LOSSLESS else 8
    parts = frame.components if blocks > 1 else ()
    side_x = unit * max((part.across for part in parts), default=1)
    side_y = unit * max((part.down for part in parts), default=1)
    height, width = changed.shape
    padded = np.pad(changed, ((0, -height % side_y), (0, -width % side_x)))
    rows, columns = padded.shape[0] // side_y, padded.shape[1] // side_x
    return padded.reshape(rows, side_y, columns, side_x).any(axis=(1, 3)).reshape(-1)


def _intervals(data: bytes, scan: Scan) -> Iterator[tuple[int, int]]:
    """Where the data of each interval begins and ends."""
    start = scan.start
    for found in _RESTART.finditer(data, scan.start, scan.end):
        yield start, found.start()
        start = found.end()
    yield start, scan.end


def _with_other_ends(data: bytes, intervals: list[tuple[int, int]], last: int) -> bytes:
    """The file with other bytes at the end of its intervals, which make and break no marker."""
    changed = bytearray(data)
    for start, end in intervals:
        free = (
            at
            for at in range(end - 1, start, -1)
            if 0xFF not in (data[at - 1], data[at], data[at] ^ 0x55)
        )
        for at, _ in zip(free, range(last), strict=False):
            changed[at] ^= 0x55
    return bytes(changed)


def _pixels(jpeg: bytes, frame: Frame) -> Pixels | None:
    """What the decoder makes of it, (H, W, channels); None = it makes nothing of it."""
    try:
        with Image.open(io.BytesIO(jpeg), formats=["JPEG"]) as image:
            if frame.kind not in LOSSLESS:
                image.draft("YCbCr", None)  # before rounding to RGB
            found = np.asarray(image)
            return found.reshape(*found.shape[:2], -1)
    except Exception:  # broken files make Pillow's decoders raise nearly anything
        return None
