"""Goes through the scans of a progressive JPEG that hold coefficients (T.81, G.1.2)."""

from __future__ import annotations

from jcarsr.jpeg.bits import Codes, Interval
from jcarsr.jpeg.sequential import GROUP, DamageError

_LARGEST = 10  # bits of a value
_BLOCK_END = 15  # a run of so many zeros is no end of blocks


def follow_first(
    codes: Codes, history: list[int], first: int, last: int, interval: Interval, blocks: range
) -> tuple[int, int]:
    """Go through a band's first scan; gives the bit behind it and the blocks not there.

    Args:
        codes: with the scan's one table, `symbol_table`.
        history: of each block, a bit for each coefficient that is not 0; brought up to date.
        first: coefficient of the band.
        last: coefficient of the band.
        interval: where the data lies.
        blocks: those in it.

    Raises:
        DamageError: a code that there is not, or more coefficients than the band has.
    """
    place, block, stop = interval.start, blocks.start, blocks.stop
    while block < stop:
        base, bits, (table,) = codes.at(place)
        at, end = place - base, interval.end - base
        for _ in range(GROUP):
            step, mask, run = first, 0, 0
            while step <= last:
                entry = table[at]
                at += entry & 31
                zeros, size = entry >> 9, entry >> 5 & 15
                if size > _LARGEST:
                    if at > end:
                        return interval.end, stop - block
                    raise DamageError(base + at)
                if size:
                    at += size
                    step += zeros
                    mask |= 1 << step
                    step += 1
                elif zeros == _BLOCK_END:
                    step += 16
                else:
                    run = (1 << zeros) - 1 + (bits[at] >> 16 - zeros if zeros else 0)
                    at += zeros
                    break
            if at > end:
                return interval.end, stop - block
            if step > last + 1:
                raise DamageError(base + at)
            history[block] |= mask
            block += 1 + run
            if block > stop:
                raise DamageError(base + at)
            if block == stop:
                break
        place = base + at
    return place, 0


def follow_refinement(
    codes: Codes, history: list[int], first: int, last: int, interval: Interval, blocks: range
) -> tuple[int, int]:
    """Go through a scan that makes a band finer by one bit, as `follow_first` does."""
    place, block, stop, run = interval.start, blocks.start, blocks.stop, 0
    band = (1 << (last + 1)) - (1 << first)
    while block < stop:
        base, bits, (table,) = codes.at(place)
        at, end = place - base, interval.end - base
        for _ in range(min(GROUP, stop - block)):
            mask, step, new = history[block], first, 0
            while not run and step <= last:
                entry = table[at]
                at += entry & 31
                zeros, size = entry >> 9, entry >> 5 & 15
                if size > 1:
                    if at > end:
                        return interval.end, stop - block
                    raise DamageError(base + at)
                if not size and zeros != _BLOCK_END:
                    run = (1 << zeros) + (bits[at] >> 16 - zeros if zeros else 0)
                    at += zeros
                    break
                at += size
                while step <= last and (zeros or mask >> step & 1):
                    if mask >> step & 1:
                        at += 1
                    else:
                        zeros -= 1
                    step += 1
                if step > last and (size or zeros):
                    if at > end:
                        return interval.end, stop - block
                    raise DamageError(base + at)
                new |= size << step
                step += 1
            if run:
                at += (mask & band & -(1 << step)).bit_count()
                run -= 1
            if at > end:
                return interval.end, stop - block
            history[block] = mask | new
            block += 1
        place = base + at
    if run:
        raise DamageError(place)
    return place, 0
