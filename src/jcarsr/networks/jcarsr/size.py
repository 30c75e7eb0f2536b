"""Networks of equal size: how many blocks make up for a branch that is missing (Table 6)."""

from __future__ import annotations

from dataclasses import replace

import torch

from jcarsr.networks.jcarsr.config import JCARSRConfig
from jcarsr.networks.jcarsr.network import JCARSR


def parameters(config: JCARSRConfig) -> int:
    """How many parameters the network has."""
    with torch.device("meta"):
        return sum(parameter.numel() for parameter in JCARSR(config).parameters())


def equal_size(config: JCARSRConfig, target: int) -> JCARSRConfig:
    """The same network with as many extra blocks in its SR branch as bring it nearest to a size.

    Args:
        config: the network; extra blocks that it has already are not counted.
        target: number of parameters to come near to, within half a block.

    Raises:
        ValueError: it has more than half a block too much without any.
    """
    bare = parameters(replace(config, extra_blocks=0))
    block = parameters(replace(config, extra_blocks=1)) - bare
    missing = round((target - bare) / block)
    if missing < 0:
        raise ValueError(f"a network of {bare} parameters cannot be brought to {target}")
    return replace(config, extra_blocks=missing)
