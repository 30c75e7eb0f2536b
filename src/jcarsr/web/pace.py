"""How long pictures will take, learnt from those before."""

from __future__ import annotations

_NEWEST = 0.5  # weight of the newest picture against all before


class Pace:
    """Seconds a pixel of the input, for each kind of work."""

    def __init__(self) -> None:
        self._seconds: dict[str, float] = {}

    def learn(self, kind: str, pixels: int, seconds: float) -> None:
        """A picture was done.

        >>> pace = Pace()
        >>> pace.learn("x2", 1000, 2.0)
        >>> pace.learn("x2", 1000, 4.0)
        >>> pace.expect("x2", 2000)
        6.0
        """
        rate = seconds / max(pixels, 1)
        before = self._seconds.get(kind, rate)
        self._seconds[kind] = before + _NEWEST * (rate - before)

    def expect(self, kind: str, pixels: int) -> float | None:
        """Seconds that a picture will take; None = nothing is known yet."""
        rate = self._seconds.get(kind)
        return None if rate is None else rate * pixels
