"""The border between pictures and networks: what an engine must do. Imports no PyTorch."""

from __future__ import annotations

from typing import Protocol

from jcarsr.pixels import Planes


class Engine(Protocol):
    """A loaded network on some device."""

    @property
    def scale(self) -> int:
        """Output size over input size."""
        ...

    def run(self, lq: Planes) -> Planes:
        """Restore one picture or tile. Must be callable from several threads.

        (1, 3, H, W) float32 RGB in [0, 1] -> (1, 3, scale * H, scale * W) float32, not clamped
        """
        ...
