"""Make the start of a large JCARSR of the weights of a small one: it computes the same.

    python tools/grow_weights.py SMALL.safetensors --preset jcarsr-x2 --out START.safetensors

It grows in three ways (Chen et al. 2016, "Net2Net"), none of which changes an output:

- wider: every channel is there several times, and what reads it gives each copy a random share of
  its weight. As the shares differ, training moves the copies apart;
- deeper groups: new MSNAFBs stand between the old ones, and their last convolution is zero;
- more groups: the new ones come first, where features are still linear in lq, so that other heads
  make up for the sums in them.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping
from dataclasses import asdict, replace
from pathlib import Path
from typing import TypeAlias

import torch
from tool_report import report
from torch import Tensor

from jcarsr.errors import WeightsError
from jcarsr.networks.catalog import PRESETS, build_preset
from jcarsr.networks.jcarsr.config import JCARSRConfig
from jcarsr.networks.jcarsr.network import JCARSR
from jcarsr.weights import Weights, read, write

Tensors: TypeAlias = dict[str, Tensor]
_FEWEST = 32  # channels: of fewer a SKFF has more hidden ones than their eighth
_SPREAD = 0.5  # of a copy's share, to both sides of an even one


def grow(path: Path, preset: str, out: Path, *, seed: int = 0) -> None:
    """Write weights of `preset` that compute what the weights at `path` compute.

    Args:
        path: weights of a JCARSR with all branches.
        preset: of a JCARSR of the same scale, at least as large in every way.
        out: the file that is written.
        seed: decides the copies' shares and the weights of new blocks.

    Raises:
        WeightsError: the file is missing or damaged, or its network does not fit into the other.
    """
    file = read(path)
    if file.record.architecture != "jcarsr":
        raise WeightsError(f"{path}: {file.record.architecture} cannot be grown, a JCARSR can")
    if preset not in PRESETS:
        raise WeightsError(f"{preset}: no such preset, see `jcarsr presets`")
    torch.manual_seed(seed)
    small, network = JCARSRConfig(**file.record.config), build_preset(preset)
    if not isinstance(network, JCARSR):
        raise WeightsError(f"{preset} is not a JCARSR")
    large = network.config
    _refuse_misfit(f"{path} and {preset}", small, large)
    tensors = _widen(file, large.channels // small.channels)
    tensors = _with_new_blocks(tensors, network.state_dict(), small, large)
    tensors = _with_other_heads(tensors, large.num_groups - small.num_groups)
    about = {"grown_from": file.record.training | {"sha256": file.record.sha256}}
    record = replace(
        file.record, name=preset, **network.describe(), training=about, recipe={}, scores={}
    )
    network.load_state_dict(tensors)
    write(out, {name: value.numpy() for name, value in tensors.items()}, record)


def _refuse_misfit(files: str, small: JCARSRConfig, large: JCARSRConfig) -> None:
    """Raise a WeightsError unless `large` is `small`, grown in channels, blocks and groups."""
    sizes = ("channels", "num_groups", "sr_blocks", "jcar_blocks")
    whole = JCARSRConfig(scale=small.scale)
    for name, value in asdict(small).items():
        other = getattr(large, name)
        if name in sizes and value > other:
            raise WeightsError(f"{files}: {name} {value} is more than {other}")
        if name == "scale" and value != other:
            raise WeightsError(f"{files}: scale {value} and {other}, must be the same")
        if name not in sizes and not value == other == getattr(whole, name):
            raise WeightsError(f"{files}: {name} {value} and {other}, both must be the paper's")
    few, many = small.channels, large.channels
    if many % few:
        raise WeightsError(f"{files}: channels {many} are no multiple of {few}")
    if few < min(many, _FEWEST):
        raise WeightsError(f"{files}: channels {few}, {_FEWEST} or more can be widened")


def _widen(file: Weights, copies: int) -> Tensors:
    """The small network's tensors, every channel `copies` times; other shapes stay."""
    wide: Tensors = {}
    for name, values in file.tensors.items():
        x: Tensor = torch.from_numpy(values).float()
        if "_upsampler." in name:
            # channels lie apart by the four of the pixel shuffle
            x = x.view(-1, 4, *x.shape[1:]).repeat_interleave(copies, 0).flatten(0, 1)
        elif _counts_channels(name, dim=0):
            x = x.repeat_interleave(copies, 0)
        if x.ndim == 4 and _counts_channels(name, dim=1):
            shares = 1 + _SPREAD * (2 * torch.rand(len(x), x.shape[1], copies, 1, 1) - 1)
            shares /= shares.sum(2, keepdim=True)
            x = (x.unsqueeze(2) * shares).flatten(1, 2)
        wide[name] = x
    return wide


def _counts_channels(name: str, *, dim: int) -> bool:
    """Whether a dimension of a tensor counts features; not colours, nor the one of a map."""
    if ".spatial." in name or ".squeeze.1." in name:  # a map; the slope of a PReLU
        return False
    return "_tail." not in name if dim == 0 else "_head." not in name


def _with_new_blocks(
    old: Tensors, fresh: Mapping[str, Tensor], small: JCARSRConfig, large: JCARSRConfig
) -> Tensors:
    """All tensors of the large network: new blocks and groups add nothing."""
    tensors = {name: value.clone() for name, value in fresh.items()}
    for name, value in tensors.items():
        ends = (".project.weight", ".project.bias", ".refine.2.weight", ".refine.2.bias")
        if name.endswith(ends) or ".excite." in name:  # where a SKFF is even
            value.zero_()
    ahead = large.num_groups - small.num_groups
    for name, value in old.items():
        part, *rest = name.split(".")
        if part.endswith("_groups") or part.startswith("fuse_"):
            rest[0] = str(int(rest[0]) + ahead)
        if part in ("sr_groups", "jcar_groups"):
            field = part.replace("groups", "blocks")
            few, many = getattr(small, field), getattr(large, field)
            rest[2] = str((int(rest[2]) + 1) * many // few - 1)
        tensors[".".join((part, *rest))] = value
    return tensors


def _with_other_heads(tensors: Tensors, ahead: int) -> Tensors:
    """Change the heads so that the features after `ahead` new groups are what the old ones read.

    In such a group the SR and the artifact removal branch double (MSNAFG's skip connection), the
    gradient branch stays, and each SKFF takes the mean: sr' = (2 sr + 2 jcar) / 4 + gradient / 2.
    """
    changed = dict(tensors)
    for kind in ("weight", "bias"):
        sr, jcar, gradient = (tensors[f"{b}_head.{kind}"] for b in ("sr", "jcar", "gradient"))
        for _ in range(ahead):
            sr = 2 * sr - 0.5 * jcar - gradient
            jcar = jcar / 2
        changed[f"sr_head.{kind}"], changed[f"jcar_head.{kind}"] = sr, jcar
    return changed


def main() -> int:
    """Grow the file that the command line names; gives the exit code."""
    parser = argparse.ArgumentParser(description="Start a large JCARSR from a small one.")
    parser.add_argument("weights", type=Path)
    parser.add_argument("--preset", required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()

    def run() -> Path:
        grow(arguments.weights, arguments.preset, arguments.out, seed=arguments.seed)
        return arguments.out

    return report(run)


if __name__ == "__main__":
    sys.exit(main())
