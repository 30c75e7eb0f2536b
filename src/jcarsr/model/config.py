"""The sizes of a network. Imports no PyTorch: every engine reads them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, kw_only=True)
class JCARSRConfig:
    """Sizes of a JCARSR; the defaults are the paper's (section 3.2).

    Raises:
        ValueError: a value from which no network can be built; the message quotes it.
    """

    scale: Literal[2, 4]
    channels: int = 64  # of every branch; a MSCCG splits them into quarters
    num_groups: int = 5  # levels: each has a MSNAFG, a JCAR MSNAFG, a MSCCG and two SKFF
    sr_blocks: int = 8  # MSNAFBs in a group of the super-resolution branch
    jcar_blocks: int = 4  # MSNAFBs in a group of the artifact removal branch

    def __post_init__(self) -> None:
        if self.scale not in (2, 4):
            raise ValueError(f"scale must be 2 or 4, got {self.scale!r}")
        if self.channels < 8 or self.channels % 8:
            raise ValueError(f"channels must be a positive multiple of 8, got {self.channels!r}")
        for name in ("num_groups", "sr_blocks", "jcar_blocks"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} must be at least 1, got {getattr(self, name)!r}")


PRESETS: dict[str, JCARSRConfig] = {
    # the paper's Table 1: 10.10 M and 10.40 M parameters
    "jcarsr-x2": JCARSRConfig(scale=2),
    "jcarsr-x4": JCARSRConfig(scale=4),
    # the same architecture for computers without a GPU: 0.48 M and 0.55 M
    "jcarsr-lite-x2": JCARSRConfig(scale=2, channels=32, num_groups=2, sr_blocks=3, jcar_blocks=1),
    "jcarsr-lite-x4": JCARSRConfig(scale=4, channels=32, num_groups=2, sr_blocks=3, jcar_blocks=1),
}
"""Named networks, one row each."""
