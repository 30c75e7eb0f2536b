"""The sizes of a network. Imports no PyTorch: every engine reads them."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any, Literal, TypeAlias, get_args

from jcarsr.networks.sizes import check_scale, check_types
from jcarsr.protocols import NetworkFacts, NetworkScale, Output

Block: TypeAlias = Literal["msnaf", "residual"]
"""What the SR and the artifact removal branch are made of: MSNAFBs, or EDSR's residual blocks."""

_SIZES = ("scale", "channels", "num_groups", "sr_blocks", "jcar_blocks")  # always in a record

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

    scale: NetworkScale
    channels: int = 64
    """Channels of every branch; a MSCCG splits them into quarters."""
    num_groups: int = 5
    """Levels: each has a MSNAFG, a JCAR MSNAFG, a MSCCG and two SKFF."""
    sr_blocks: int = 8
    """MSNAFBs in a group of the super-resolution branch."""
    jcar_blocks: int = 4
    """MSNAFBs in a group of the artifact removal branch."""

    # The paper's ablations, and our deviation. A record names them only where they are changed.
    extra_blocks: int = 0
    """Blocks more in the SR branch, spread over its groups (Table 6)."""
    jcar: bool = True
    """Has the artifact removal branch and its SKFFs (Table 6)."""
    gradient: bool = True
    """Has the gradient branch and its SKFFs (Tables 6 and 8)."""
    block: Block = "msnaf"
    """Block of the SR and the artifact removal branch (Table 5)."""
    attention: bool = True
    """Has MA; without it the features stay as they are (Table 5)."""
    cross: bool = True
    """Has MSCCBs; without them a MSCCG refines its input as it is (Table 5)."""
    two_way: bool = False
    """A SKFF gives a mix of its own to the other branch, too (Table 7)."""
    skip: bool = True
    """lq is added to the predicted pictures, for sr bilinearly enlarged; ours."""

    def __post_init__(self) -> None:
        check_types(self)
        check_scale(self.scale)
        if self.channels < 8 or self.channels % 8:
            raise ValueError(f"channels must be a positive multiple of 8, got {self.channels!r}")
        for name in ("num_groups", "sr_blocks", "jcar_blocks"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} must be at least 1, got {getattr(self, name)!r}")
        if self.extra_blocks < 0:
            raise ValueError(f"extra_blocks must be at least 0, got {self.extra_blocks!r}")
        if self.block not in get_args(Block):
            raise ValueError(f"block must be msnaf or residual, got {self.block!r:.40}")
        if self.two_way and not (self.jcar or self.gradient):
            raise ValueError("two_way must be false without other branches, got True")

    @property
    def sr_depths(self) -> tuple[int, ...]:
        """Blocks in each group of the SR branch; of the extra ones the first groups have most.

        >>> JCARSRConfig(scale=2, extra_blocks=28).sr_depths
        (14, 14, 14, 13, 13)
        """
        each, more = divmod(self.extra_blocks, self.num_groups)
        return tuple(self.sr_blocks + each + (group < more) for group in range(self.num_groups))

    @property
    def facts(self) -> NetworkFacts:
        """What engines must know; how many floats are held is measured on the CPU."""
        floats = {"sr": self.channels * _FLOATS_PER_CHANNEL[self.scale]}
        outputs: list[Output] = ["sr"]
        if self.jcar:
            outputs.append("lr")
            # what flows into the branch needs all three
            floats["lr"] = self.channels * _FLOATS_PER_CHANNEL[self.scale if self.two_way else 1]
        quantised: list[Output] = ["sr"] if self.block == "msnaf" else []
        if quantised and self.jcar and self.scale == 2:  # which cleans for networks of 4, too
            quantised.append("lr")
        if self.gradient:
            outputs.append("gradient")
            floats["gradient"] = floats["sr"]
        return NetworkFacts(
            scale=self.scale,
            outputs=tuple(outputs),
            int8_outputs=tuple(quantised),
            floats_per_pixel=floats,
        )

    def describe(self) -> dict[str, Any]:
        """What a weight file's record says of such a network."""
        config = {
            field.name: getattr(self, field.name)
            for field in fields(self)
            if field.name in _SIZES or getattr(self, field.name) != field.default
        }
        return {"architecture": "jcarsr", "config": config, "facts": self.facts}
