"""Goes through the blocks of a sequential JPEG's scans, and of means alone (T.81, F.1.2)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from jcarsr.jpeg.bits import INVALID, Codes, Interval, Table, code_entries, symbol_table

GROUP = 32
"""Blocks gone through between two calls of `Codes.at`."""

_LARGEST_DC, _LARGEST_AC = 11, 10  # bits of a value, of pictures with 8 bits a sample
_END, _BROKEN = 128, 512  # steps beyond every block: its end, and no code
_MEAN = 1024 + 8  # how far from grey eight bits reach (times 8), and what quick transforms err
_COEFFICIENT = 1200  # 928 by the transform, more where an encoder overshoots on purpose


class DamageError(ValueError):
    """Data that no encoder writes. `place` is the bit at which it is seen."""

    def __init__(self, place: int) -> None:
        super().__init__(f"damaged at bit {place}")
        self.place = place


@dataclass(frozen=True)
class ScanPlan:
    """What one MCU of a scan holds."""

    blocks: tuple[int, ...]
    """The component of each block."""
    components: int
    coefficients: bool
    """Whether the blocks hold more than their means."""
    reach: tuple[int, ...]
    """How far each component's mean may be from 0."""


def dc_table(table: bytes) -> Table:
    """Entry: length | bits of the value << 5, INVALID where there is no such code."""
    found = symbol_table(table)
    found[(found >> 5) > _LARGEST_DC] = INVALID
    return found


def ac_table(table: bytes, step: int) -> Table:
    """Entry: bits until the next code | steps to the next coefficient << 6.

    `step` is the least by which the values are multiplied: no code is one whose value would lie
    beyond what eight bits a sample can give.
    """
    largest = min((_COEFFICIENT // step + 1).bit_length(), _LARGEST_AC)
    found = np.full(1 << 16, 1 | _BROKEN << 6, np.uint16)
    for start, length, symbol in code_entries(table):
        run, size = symbol >> 4, symbol & 15
        steps = run + 1 if size or run == 15 else _END
        if size <= largest and (size or run in (0, 15)):
            found[start : start + (1 << (16 - length))] = length + size | steps << 6
    return found


def reach_of(step: int, low: int) -> int:
    """How far from 0 a mean may be that is stored in units of `step` times 2 ** `low`."""
    return (2 * _MEAN + step) // (2 * step << low) + (1 if low else 0)


def follow_interval(codes: Codes, plan: ScanPlan, interval: Interval, mcus: int) -> tuple[int, int]:
    """Go through the `mcus` of an interval; gives the bit behind them and the MCUs not there.

    `codes` has the tables of all components' means, then of their coefficients, if there are any.

    Raises:
        DamageError: a code that there is not, more coefficients than a block has, or a mean that no
            picture has.
    """
    count = plan.components
    means = [0] * count
    place, left = interval.start, mcus
    take = max(GROUP // len(plan.blocks), 1)
    while left:
        base, bits, found = codes.at(place)
        blocks = [
            (
                index,
                found[index],
                found[count + index] if plan.coefficients else None,
                plan.reach[index],
            )
            for index in plan.blocks
        ]
        now = min(take, left)
        at, end = place - base, interval.end - base
        for done in range(now):
            try:
                at = _mcu(blocks, bits, means, at)
            except DamageError as error:
                if error.place > end:  # what lies behind the data is no damage
                    return interval.end, left - done
                raise DamageError(error.place + base) from None
            if at > end:
                return interval.end, left - done
        place, left = base + at, left - now
    return place, 0


def _mcu(
    blocks: Sequence[tuple[int, memoryview, memoryview | None, int]],
    bits: memoryview,
    means: list[int],
    at: int,
) -> int:
    """Go through one MCU; gives the bit behind it."""
    for index, dc, ac, reach in blocks:
        entry = dc[at]
        size = entry >> 5
        if size > _LARGEST_DC:
            raise DamageError(at)
        at += entry & 31
        if size:
            value = bits[at] >> (16 - size)
            if not value >> (size - 1):
                value -= (1 << size) - 1
            at += size
            means[index] = value = means[index] + value
            if value > reach or value < -reach:
                raise DamageError(at)
        if ac is None:
            continue
        step = 1
        while step < 64:
            entry = ac[at]
            at += entry & 63
            step += entry >> 6
        if step > 64 and (step < _END or step >= _BROKEN):
            raise DamageError(at)
    return at
