"""The border between pictures and networks: what an engine must do. Imports no PyTorch."""

from __future__ import annotations

from typing import Literal, Protocol, TypeAlias

from jcarsr.pixels import Planes

Output: TypeAlias = Literal["sr", "lr", "gradient"]
"""What is asked of the network: the enlarged picture, the input without artifacts, the edges."""


class Engine(Protocol):
    """A loaded network on some device, asked for one of its outputs."""

    @property
    def scale(self) -> int:
        """Output size over input size."""
        ...

    @property
    def bytes_per_pixel(self) -> int:
        """Memory that `run` takes for each pixel of its input, about and rather too much."""
        ...

    def run(self, lq: Planes, *, full_precision: bool = False) -> Planes:
        """Restore one picture or tile. Must be callable from several threads.

        (1, 3, H, W) float32 RGB in [0, 1] -> (1, 3, scale * H, scale * W) float32, not clamped

        Args:
            lq: the input.
            full_precision: compute in float32 whatever the engine does else.

        Raises:
            MemoryLimitError: not enough memory for an input of this size.
        """
        ...
