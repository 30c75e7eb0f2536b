"""The segments of a JPEG: its frame, its tables and where the data of each scan lies (T.81, B)."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace

from jcarsr.errors import ImageError

MAX_SEGMENTS = 20_000
"""Segments before the end of a JPEG's first picture; one with more is refused."""

MAX_GARBAGE = 2**20
"""Bytes between segments, fill bytes included; a JPEG with more is refused."""

MAX_SCANS = 1_000
"""Scans of one picture; a JPEG with more is refused."""

MAX_SCAN_PIXELS = 10_000_000_000
"""Scans times pixels: what a decoder goes through; a JPEG with more is refused."""

LOSSLESS = frozenset({0xC3, 0xC7, 0xCB, 0xCF})
"""Kinds of frames without a cosine transform."""

PROGRESSIVE = frozenset({0xC2, 0xCA})
"""Kinds of frames that come in ever finer scans."""

ARITHMETIC = frozenset({0xC9, 0xCA, 0xCB, 0xCD, 0xCE, 0xCF})
"""Kinds of frames that are not coded with Huffman's tables."""

_MOST_BLOCKS = 10  # of an MCU (T.81, B.2.3)
_PADDING = 8  # zeros that may stand between segments; behind a scan, more are lost data
_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_ALONE = frozenset({0x01, *range(0xD0, 0xD8)})  # markers without a segment
_MARKER = re.compile(rb"\xff([\x01-\xfe])")
_SCAN_END = re.compile(rb"\xff[\x01-\xcf\xd8-\xfe]")  # a marker, but none of a restart


@dataclass(frozen=True)
class FrameComponent:
    """One of a frame's channels."""

    number: int
    across: int
    """Sampling factors."""
    down: int
    steps: int
    """Number of its quantisation table."""


@dataclass(frozen=True, kw_only=True)
class Frame:
    """A frame header."""

    kind: int
    """Its marker's second byte, 0xC0 to 0xCF."""
    bits: int
    """Of a sample."""
    width: int
    height: int
    components: tuple[FrameComponent, ...]


@dataclass(frozen=True, kw_only=True)
class Scan:
    """A scan header, the tables in force and the place of its data."""

    components: tuple[int, ...]
    """As indices of the frame's."""
    dc: tuple[bytes | None, ...]
    """Of each component: 16 counts and the symbols; None = no table."""
    ac: tuple[bytes | None, ...]
    first: int
    """Spectral band."""
    last: int
    high: int
    """Successive approximation."""
    low: int
    restart: int
    """Interval in MCUs; 0 = none."""
    start: int
    """Of its data within the file."""
    end: int


@dataclass(frozen=True, kw_only=True)
class Structure:
    """All of a JPEG's first picture."""

    frame: Frame | None
    """None = breaks off before it."""
    scans: tuple[Scan, ...]
    steps: dict[int, tuple[int, int]]
    """Quantisation table -> step of the mean, least of the rest."""
    end: int
    """Place behind the picture, its EOI included."""
    ended: bool
    """Has an EOI."""
    strange: bool
    """Something that no JPEG has stands between its segments."""


@dataclass
class _State:
    dc: dict[int, bytes] = field(default_factory=dict[int, bytes])
    ac: dict[int, bytes] = field(default_factory=dict[int, bytes])
    steps: dict[int, tuple[int, int]] = field(default_factory=dict[int, tuple[int, int]])
    restart: int = 0
    frame: Frame | None = None
    scans: list[Scan] = field(default_factory=list[Scan])


def is_jpeg(head: bytes) -> bool:
    """Whether a file that begins with `head` is taken as a JPEG."""
    return head.startswith(b"\xff\xd8\xff")


def read_structure(data: bytes) -> Structure:
    """Read all segments of a JPEG up to the end of its first picture; decodes nothing.

    Raises:
        ImageError: more segments, scans or bytes between segments than any picture needs.
    """
    state = _State()
    at, segments, garbage = 2, 0, 0
    end, ended, strange = len(data), False, False
    while (marker := _MARKER.search(data, at)) is not None:
        garbage += marker.start() - at
        segments += 1
        if garbage > MAX_GARBAGE:
            raise ImageError(f"more than {MAX_GARBAGE:,} bytes between its segments: refused")
        if segments > MAX_SEGMENTS:
            raise ImageError(f"more than {MAX_SEGMENTS:,} segments: refused")
        between = data[at : marker.start()].strip(b"\xff")
        strange |= bool(between.strip(b"\0")) or (len(between) > _PADDING and bool(state.scans))
        kind = data[marker.start() + 1]
        at = marker.end()
        if kind == 0xD9:
            end, ended = at, True
            break
        if kind in _ALONE:
            continue
        length = int.from_bytes(data[at : at + 2])
        content = data[at + 2 : at + length]
        if kind < 0xC0 or length < 2 or len(content) < length - 2 or kind == 0xD8:
            strange |= kind < 0xC0 or kind == 0xD8
            break
        at += length
        try:
            _take(state, kind, content)
        except (IndexError, KeyError, ValueError):
            strange = True
            break
        if kind == 0xDA:
            found = _SCAN_END.search(data, at)
            stop = len(data) if found is None else found.start()
            state.scans[-1] = replace(state.scans[-1], start=at, end=stop)
            _limit_scans(state)
            at = stop
    return Structure(
        frame=state.frame,
        scans=tuple(state.scans),
        steps=state.steps,
        end=end,
        ended=ended,
        strange=strange,
    )


def mcus_of(frame: Frame, scan: Scan) -> tuple[tuple[int, ...], int]:
    """The blocks of an MCU, as indices of the scan's components, and the number of MCUs.

    A lossless JPEG's blocks are single samples.

    Raises:
        ValueError: more blocks than an MCU may have.
    """
    side = 1 if frame.kind in LOSSLESS else 8
    most_across = max(part.across for part in frame.components)
    most_down = max(part.down for part in frame.components)
    parts = [frame.components[index] for index in scan.components]
    if len(parts) == 1:
        width = -(-frame.width * parts[0].across // most_across)
        height = -(-frame.height * parts[0].down // most_down)
        return (0,), -(-width // side) * -(-height // side)
    blocks = tuple(
        index for index, part in enumerate(parts) for _ in range(part.across * part.down)
    )
    if len(blocks) > _MOST_BLOCKS:
        raise ValueError("an MCU of too many blocks")
    across = -(-frame.width // (side * most_across))
    down = -(-frame.height // (side * most_down))
    return blocks, across * down


def _limit_scans(state: _State) -> None:
    count, frame = len(state.scans), state.frame
    pixels = 0 if frame is None else frame.width * frame.height
    if count > MAX_SCANS or (count > 1 and count * pixels > MAX_SCAN_PIXELS):
        raise ImageError(f"{count:,} scans or more: refused")


def _take(state: _State, kind: int, content: bytes) -> None:
    """Bring `state` up to date with one segment; raises IndexError, KeyError or ValueError."""
    if kind == 0xC4:
        _take_huffman(state, content)
    elif kind == 0xDB:
        _take_steps(state, content)
    elif kind == 0xDD:
        state.restart = int.from_bytes(content[:2])
    elif kind == 0xDA:
        state.scans.append(_scan(state, content))
    elif kind in _FRAMES:
        if state.frame is not None:
            raise ValueError("two frames")
        state.frame = _frame(kind, content)


def _take_huffman(state: _State, content: bytes) -> None:
    at = 0
    while at < len(content):
        number = content[at]
        size = 17 + sum(content[at + 1 : at + 17])
        if at + size > len(content):
            raise ValueError("a table that breaks off")
        (state.ac if number & 0x10 else state.dc)[number & 0x0F] = content[at + 1 : at + size]
        at += size


def _take_steps(state: _State, content: bytes) -> None:
    at = 0
    while at < len(content):
        wide = 2 if content[at] >> 4 else 1
        table = content[at + 1 : at + 1 + 64 * wide]
        steps = [int.from_bytes(table[i : i + wide]) for i in range(0, len(table), wide)]
        state.steps[content[at] & 0x0F] = max(steps[0], 1), max(min(steps[1:]), 1)
        at += 1 + 64 * wide


def _frame(kind: int, content: bytes) -> Frame:
    bits, count = content[0], content[5]
    parts = [content[6 + 3 * index : 9 + 3 * index] for index in range(count)]
    components = tuple(
        FrameComponent(part[0], max(part[1] >> 4, 1), max(part[1] & 15, 1), part[2])
        for part in parts
    )
    return Frame(
        kind=kind,
        bits=bits,
        height=int.from_bytes(content[1:3]),
        width=int.from_bytes(content[3:5]),
        components=components,
    )


def _scan(state: _State, content: bytes) -> Scan:
    if state.frame is None:
        raise ValueError("a scan before the frame")
    numbers = {part.number: index for index, part in enumerate(state.frame.components)}
    count = content[0]
    parts = [content[1 + 2 * index : 3 + 2 * index] for index in range(count)]
    first, last, precision = content[1 + 2 * count : 4 + 2 * count]
    if not parts:
        raise ValueError("a scan of nothing")
    return Scan(
        components=tuple(numbers[part[0]] for part in parts),
        dc=tuple(state.dc.get(part[1] >> 4) for part in parts),
        ac=tuple(state.ac.get(part[1] & 15) for part in parts),
        first=first,
        last=last,
        high=precision >> 4,
        low=precision & 15,
        restart=state.restart,
        start=0,
        end=0,
    )
