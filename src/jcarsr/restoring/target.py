"""Which size a result shall have, and which of the network's scales leads there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from numbers import Integral

from jcarsr.errors import JCARSRError
from jcarsr.protocols import SCALES, SCALES_TEXT


@dataclass(frozen=True, kw_only=True)
class Target:
    """The size asked for: a scale, or one side of the upright result in pixels.

    Raises:
        ValueError: not exactly one of the five, or an impossible value.
    """

    scale: int | None = None
    """Output size over input size: 1, 2 or 4."""
    width: int | None = None
    """Pixels of the result."""
    height: int | None = None
    """Pixels of the result."""
    long_side: int | None = None
    """Pixels of the result's longer side, exactly: smaller pictures are enlarged to it."""
    short_side: int | None = None
    """Pixels of the result's shorter side, exactly."""

    def __post_init__(self) -> None:
        given = {name: value for name, value in vars(self).items() if value is not None}
        if len(given) != 1:
            names = ", ".join(given) or "none"
            raise ValueError(f"one of scale, width, height, long_side and short_side, got {names}")
        name, value = given.popitem()
        whole = isinstance(value, Integral) and value is not True
        if name == "scale" and (not whole or value not in SCALES):
            raise ValueError(f"scale must be {SCALES_TEXT}, got {value!r}")
        if not whole or value < 1:
            raise ValueError(f"{name} must be a whole number of at least 1, got {value!r}")

    @property
    def label(self) -> str:
        """The target as a part of a result's name: x2, or width-800."""
        if self.scale is not None:
            return f"x{self.scale}"
        ((name, value),) = ((n, v) for n, v in vars(self).items() if v is not None)
        return f"{name.replace('_', '-')}-{value}"

    def size(self, width: int, height: int) -> tuple[int, int]:
        """(width, height) of the result of an upright picture of this size, sides in proportion."""
        if self.scale is not None:
            return width * self.scale, height * self.scale
        if self.width is not None:
            wanted, own = self.width, width
        elif self.height is not None:
            wanted, own = self.height, height
        elif self.long_side is not None:
            wanted, own = self.long_side, max(width, height)
        else:
            assert self.short_side is not None
            wanted, own = self.short_side, min(width, height)
        sized = [max(1, (2 * side * wanted + own) // (2 * own)) for side in (width, height)]
        return sized[0], sized[1]

    def native_scale(self, width: int, height: int, scales: Sequence[int]) -> int:
        """The smallest of the networks' `scales` that reaches `size`; what is too large is shrunk.

        Raises:
            JCARSRError: not even the largest does.
        """
        wanted = self.size(width, height)
        for scale in scales:
            if width * scale >= wanted[0] and height * scale >= wanted[1]:
                return scale
        raise JCARSRError(
            f"{wanted[0]}x{wanted[1]} is more than {scales[-1]} times its {width}x{height}"
        )

    def result_scale(self, width: int, height: int, scales: Sequence[int]) -> int:
        """What outcomes and ledgers say: `native_scale`, or 1 of a result no larger than its input.

        Raises:
            JCARSRError: as `native_scale`.
        """
        return self.native_scale(width, height, (1, *scales))
