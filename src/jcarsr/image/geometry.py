"""How a stored picture becomes its upright, enlarged result: places and sizes in its metadata."""

from __future__ import annotations

from dataclasses import dataclass


def swaps_sides(orientation: int) -> bool:
    """Return whether an EXIF orientation, 1 to 8, exchanges width and height.

    >>> [orientation for orientation in range(1, 9) if swaps_sides(orientation)]
    [5, 6, 7, 8]
    """
    return orientation >= 5


@dataclass(frozen=True, kw_only=True)
class Stored:
    """The picture that a file's metadata speak of."""

    width: int
    """Pixels, as stored."""
    height: int
    orientation: int = 1
    """EXIF value, 1 to 8: what the result has been turned by."""

    @property
    def turned(self) -> bool:
        """Whether width and height are exchanged."""
        return swaps_sides(self.orientation)


@dataclass(frozen=True, kw_only=True)
class Change:
    """From a stored picture to an upright one of another size."""

    stored: Stored
    width: int
    """Pixels of the result, upright."""
    height: int

    @property
    def across(self) -> float:
        """Enlargement along the result's width."""
        return self.width / (self.stored.height if self.stored.turned else self.stored.width)

    @property
    def down(self) -> float:
        """Enlargement along the result's height."""
        return self.height / (self.stored.width if self.stored.turned else self.stored.height)

    def size(self, width: float, height: float) -> tuple[float, float]:
        """Return (width, height) of something in pixels, in pixels of the result."""
        if self.stored.turned:
            width, height = height, width
        return width * self.across, height * self.down

    def point(self, x: float, y: float) -> tuple[float, float]:
        """Return a place in parts of the width and height, from 0 to 1, in those of the result.

        >>> stored = Stored(width=4, height=3, orientation=6)
        >>> Change(stored=stored, width=6, height=8).point(0.25, 0.3)
        (0.7, 0.25)
        """
        orientation = self.stored.orientation
        if swaps_sides(orientation):
            x, y = y, x
        return (
            1 - x if orientation in (2, 3, 6, 7) else x,
            1 - y if orientation in (3, 4, 7, 8) else y,
        )

    def pixel(self, x: float, y: float) -> tuple[float, float]:
        """Return a place in pixels from the left and upper edge, in pixels of the result."""
        right, low = self.point(x / self.stored.width, y / self.stored.height)
        return right * self.width, low * self.height

    def box(
        self, box: tuple[float, float, float, float], within: tuple[float, float]
    ) -> tuple[float, float, float, float]:
        """Return a box (left, top, width, height), turned, not enlarged.

        Args:
            box: before.
            within: width and height of what it lies in, in the same unit.
        """
        left, top, width, height = box
        whole = within[::-1] if self.stored.turned else within
        x, y = self.point((left + width / 2) / within[0], (top + height / 2) / within[1])
        if self.stored.turned:
            width, height = height, width
        return x * whole[0] - width / 2, y * whole[1] - height / 2, width, height
