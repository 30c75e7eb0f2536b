"""A method and what it is given."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from jcarsr.image.last_save import LastSave
from jcarsr.inference.restorer import Enlarger
from jcarsr.pixels import Pixels


@dataclass(frozen=True)
class Given:
    """A degraded picture as its file gives it."""

    pixels: Pixels  # (H, W, 3) uint8 RGB
    last_save: LastSave  # what the file says of how they were saved


@dataclass(frozen=True, kw_only=True)
class Method:
    """Something that restores and enlarges, as it stands in a table of results."""

    name: str
    scale: int
    restore: Callable[[Given], Pixels]  # -> (scale * H, scale * W, 3) uint8 RGB
    sha256: str | None = None  # of its weights' tensors; None = no weights, or several
    library: str = "numpy"  # the package that computes it

    @classmethod
    def of_pixels(
        cls, name: str, enlarger: Enlarger, *, sha256: str | None = None, library: str = "numpy"
    ) -> Method:
        """A method that looks at the pixels alone."""
        return cls(
            name=name,
            scale=enlarger.scale,
            restore=lambda given: enlarger.restore(given.pixels),
            sha256=sha256,
            library=library,
        )
