"""A decoded picture with what its file says of its last save: what methods are given."""

from __future__ import annotations

from dataclasses import dataclass, field

from jcarsr.jpeg.last_save import LastSave
from jcarsr.pixels import Pixels


@dataclass(frozen=True, kw_only=True)
class Decoded:
    """Pixels, and how they were saved."""

    pixels: Pixels
    """(H, W, 3) uint8 RGB."""
    last_save: LastSave = field(default_factory=LastSave)
