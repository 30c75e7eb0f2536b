"""The quantisation tables that mozjpeg writes by default, scaled by a quality factor."""

from __future__ import annotations

# N. Robidoux's table, mozjpeg's default for luma and chroma (jcparam.c, table 3), row by row.
_BASE = (
    (16, 16, 16, 18, 25, 37, 56, 85),
    (16, 17, 20, 27, 34, 40, 53, 75),
    (16, 20, 24, 31, 43, 62, 91, 135),
    (18, 27, 31, 40, 53, 74, 106, 156),
    (25, 34, 43, 53, 69, 94, 131, 189),
    (37, 40, 62, 74, 94, 124, 169, 238),
    (56, 53, 91, 106, 131, 169, 226, 311),
    (85, 75, 135, 156, 189, 238, 311, 418),
)


def mozjpeg_table(qf: int) -> tuple[int, ...]:
    """The 64 steps of both tables at quality `qf` (1 to 100), row by row.

    Scaled as libjpeg scales its own tables and bounded to 1 to 255, as a baseline file needs.
    """
    percent = 5000 // qf if qf < 50 else 200 - 2 * qf
    return tuple(min(max((step * percent + 50) // 100, 1), 255) for row in _BASE for step in row)
