"""A method of a table of results."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from jcarsr.jpeg.decoded import Decoded
from jcarsr.jpeg.last_save import LastSave
from jcarsr.pixels import Pixels
from jcarsr.restoring.restorer import Enlarger


@dataclass(frozen=True, kw_only=True)
class Method:
    """Something that restores and enlarges, as it stands in a table of results."""

    name: str
    scale: int
    restore: Callable[[Decoded], Pixels]
    """-> (scale * H, scale * W, 3) uint8 RGB."""
    sha256: str | None = None
    """Of its weights' tensors, of a chain over its parts'; None = no weights, or chosen ones."""
    library: str = "numpy"
    """The package that computes it."""
    saves: Callable[[Decoded], LastSave] | None = None
    """How the result was saved; None = as before."""

    @classmethod
    def of_pixels(cls, name: str, enlarger: Enlarger, *, library: str = "numpy") -> Method:
        """A method that looks at the pixels alone."""
        return cls(
            name=name,
            scale=enlarger.scale,
            restore=lambda decoded: enlarger.restore(decoded.pixels),
            library=library,
        )
