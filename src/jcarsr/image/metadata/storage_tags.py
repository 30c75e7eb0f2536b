"""Which tags of a TIFF, and so of EXIF data, are no metadata."""

from __future__ import annotations

STORAGE = frozenset(
    {254, 255, *range(256, 260), 262, 266, 273, 274, *range(277, 282), 284, 290, 291, 292, 293}
    | {297, 301, 317, 320, *range(321, 326), 330, 332, 333, 334, 336, 337, 338, 339, 340, 341}
    | {347, *range(512, 522), 529, 530, 531, 532, 700, 33723, 34377, 34675}
)
"""Tags of a TIFF's own pixels: they say how a file is stored, not what the picture is."""
