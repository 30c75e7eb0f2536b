"""The sizes of a network. Imports no PyTorch: every engine reads them."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Literal

from jcarsr.protocols import NetworkFacts

# Scale of an output -> floats that the network holds at its peak for each input pixel and channel:
# measured on the CPU with tiles of 256 to 512, the hungriest engine rounded up (lr, x2, x4):
# PyTorch 5.2, 15.4, 15.5; ONNX Runtime 5.3, 9.4, 9.5; OpenVINO 4.4, 19.3, 30.1.
_FLOATS_PER_CHANNEL = {1: 8, 2: 21, 4: 32}


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

    @property
    def facts(self) -> NetworkFacts:
        """What engines must know; how many floats are held is measured on the CPU."""
        return NetworkFacts(
            scale=self.scale,
            outputs=("sr", "lr", "gradient"),
            int8_outputs=("sr", "lr"),
            floats_per_pixel={
                "sr": self.channels * _FLOATS_PER_CHANNEL[self.scale],
                "lr": self.channels * _FLOATS_PER_CHANNEL[1],
                "gradient": self.channels * _FLOATS_PER_CHANNEL[self.scale],
            },
        )

    def described(self) -> dict[str, Any]:
        """What a weight file's record says of such a network."""
        return {"architecture": "jcarsr", "config": asdict(self), "facts": self.facts}
