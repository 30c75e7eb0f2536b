"""Whether a JPEG's data is whole: libjpeg decodes what is not without a word.

Every scan's codes are followed to their end. Found are codes that there are not, blocks with too
many coefficients, means that no picture has, missing and left-over data, restart markers in a
wrong order. Not found are changed bits that leave a code of the same length, or after which
the codes fall into step again with as many blocks as before.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from jcarsr.jpeg.bits import Codes, Interval, intervals_of, symbol_table
from jcarsr.jpeg.progressive import follow_first, follow_refinement
from jcarsr.jpeg.sequential import (
    DamageError,
    ScanPlan,
    ac_table,
    dc_table,
    follow_interval,
    reach_of,
)
from jcarsr.jpeg.structure import (
    ARITHMETIC,
    LOSSLESS,
    PROGRESSIVE,
    Frame,
    Scan,
    Structure,
    mcus_of,
)

MAX_STEPS = 100_000_000
"""Codes that are followed at most, about: some 15 seconds. What comes after is not looked at."""

_ZERO_TAIL = 16  # bits that the last block may have of the zeros behind it; more are lost data


@dataclass(frozen=True)
class Damage:
    """What is wrong with a JPEG's data."""

    broken_off: bool = False
    """It ends before the picture does."""
    corrupt: bool = False
    """Something in it is wrong."""
    complete: bool = True
    """All of every component is there, an EOI or not."""
    unknown: bool = False
    """Not all of it was looked at."""
    doubtful: bool = False
    """It may be damaged or cut off, or end in one flat colour."""


@dataclass
class _Progress:
    """What of a picture has been seen."""

    low: dict[tuple[int, int], int] = field(default_factory=dict[tuple[int, int], int])
    history: dict[int, list[int]] = field(default_factory=dict[int, list[int]])
    steps: int = 0
    broken_off: bool = False
    corrupt: bool = False


def find_damage(data: bytes, structure: Structure, max_steps: int = MAX_STEPS) -> Damage:
    """Follow the data of every scan.

    Args:
        data: the file.
        structure: of it.
        max_steps: codes to follow at most, about.
    """
    frame = structure.frame
    if frame is None or not structure.scans:
        return Damage(broken_off=not structure.strange, corrupt=structure.strange, complete=False)
    seen = _Progress(corrupt=structure.strange)
    if frame.kind in ARITHMETIC | LOSSLESS or frame.bits != 8:
        return Damage(corrupt=seen.corrupt, complete=structure.ended, unknown=True)
    for scan in structure.scans:
        try:
            seen.steps += (scan.end - scan.start) * 3 // 2 + mcus_of(frame, scan)[1]
            if seen.steps > max_steps:
                return Damage(corrupt=seen.corrupt, complete=structure.ended, unknown=True)
            _follow(data[scan.start : scan.end], frame, scan, structure, seen)
        except ValueError:  # damaged, or tables that are none
            seen.corrupt = True
            break  # what follows builds on it
        _enter(seen, frame, scan)
    complete = not seen.broken_off and not seen.corrupt and _is_complete(seen, frame)
    broken_off = seen.broken_off or not (structure.ended or complete or seen.corrupt)
    seen.corrupt |= any(seen.low.values())  # no encoder ends before the last bits are there
    return Damage(broken_off, seen.corrupt and not broken_off, complete)


def has_all_coefficients(frame: Frame, scans: Iterable[Scan]) -> bool:
    """Return whether the headers of scans promise all of every component, to the last bit."""
    seen = _Progress()
    for scan in scans:
        _enter(seen, frame, scan)
    return _is_complete(seen, frame)


def _follow(data: bytes, frame: Frame, scan: Scan, structure: Structure, seen: _Progress) -> None:
    """Follow one scan; enters what is missing or left over.

    Raises:
        ValueError: it is damaged, or its tables are.
    """
    joined, intervals = intervals_of(data)
    mcus = mcus_of(frame, scan)[1]
    if not mcus:
        raise ValueError("no blocks")
    each = scan.restart or mcus
    expected = -(-mcus // each)
    seen.broken_off |= len(intervals) < expected
    seen.corrupt |= len(intervals) > expected
    follow = _follower(joined, frame, scan, structure, seen)
    zeros = len(joined.rstrip(b"\0")) * 8  # the bit where a tail of zeros begins
    for number, interval in enumerate(intervals[:expected]):
        if number and interval.marker != (number - 1) % 8:
            raise DamageError(interval.start)
        final = number == len(intervals) - 1
        try:
            place, missing = follow(interval, range(number * each, min((number + 1) * each, mcus)))
        except DamageError as error:
            seen.broken_off |= final and error.place > zeros + _ZERO_TAIL
            raise
        if missing:
            seen.broken_off |= final
            seen.corrupt = True
        elif interval.end - place >= 8 and not (final and zeros - 7 <= place <= zeros + _ZERO_TAIL):
            seen.broken_off |= final and place > zeros
            seen.corrupt = True


def _follower(
    joined: bytes, frame: Frame, scan: Scan, structure: Structure, seen: _Progress
) -> Callable[[Interval, range], tuple[int, int]]:
    """What goes through an interval's MCUs; gives the bit behind them and the number missing."""
    blocks, mcus = mcus_of(frame, scan)
    progressive = frame.kind in PROGRESSIVE
    if progressive and scan.first == 0 and scan.high:

        def means_refined(interval: Interval, now: range) -> tuple[int, int]:
            place = interval.start + len(now) * len(blocks)
            missing = -(-max(place - interval.end, 0) // len(blocks))
            return min(place, interval.end), missing

        return means_refined
    if progressive and scan.first:
        table = next(iter(scan.ac), None)
        if len(scan.components) > 1 or not scan.first <= scan.last < 64 or table is None:
            raise ValueError("a scan that cannot be")
        codes = Codes(joined, [symbol_table(table)])
        history = seen.history.setdefault(next(iter(scan.components)), [0] * mcus)
        go = follow_refinement if scan.high else follow_first

        def coefficients(interval: Interval, now: range) -> tuple[int, int]:
            return go(codes, history, scan.first, scan.last, interval, now)

        return coefficients
    dc = tuple(dc_table(table) for table in scan.dc if table is not None)
    steps = [structure.steps.get(frame.components[i].steps, (1, 1)) for i in scan.components]
    ac = tuple(
        ac_table(table, step)
        for table, (_, step) in zip(scan.ac, steps, strict=True)
        if table is not None and not progressive
    )
    if len(dc) < len(scan.components) or (not progressive and len(ac) < len(scan.components)):
        raise ValueError("a table that is not there")
    low = scan.low if progressive else 0
    plan = ScanPlan(blocks, len(dc), bool(ac), tuple(reach_of(step, low) for step, _ in steps))
    both = Codes(joined, [*dc, *ac])

    def whole_blocks(interval: Interval, now: range) -> tuple[int, int]:
        return follow_interval(both, plan, interval, len(now))

    return whole_blocks


def _enter(seen: _Progress, frame: Frame, scan: Scan) -> None:
    """Note how fine the coefficients are that a scan holds."""
    progressive = frame.kind in PROGRESSIVE
    band = range(scan.first, min(scan.last, 63) + 1) if progressive else range(64)
    for component in scan.components:
        for coefficient in band:
            seen.low[component, coefficient] = scan.low if progressive else 0


def _is_complete(seen: _Progress, frame: Frame) -> bool:
    """Whether all coefficients of every component came, down to the last bit."""
    return all(
        seen.low.get((component, coefficient)) == 0
        for component in range(len(frame.components))
        for coefficient in range(64)
    )
