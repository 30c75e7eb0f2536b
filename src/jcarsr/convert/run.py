"""An authors' file and a preset -> a weight file, once every tensor has its place."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from jcarsr.convert.levels import is_of_levels, to_unit_range
from jcarsr.convert.matlab import read_arcnn, read_dncnn
from jcarsr.convert.realesrgan import PACKAGED, packaged_file, read_rrdbnet
from jcarsr.convert.state_dict import as_array, read_state_dict
from jcarsr.errors import WeightsError
from jcarsr.networks.catalog import PRESETS, build_preset, check_preset
from jcarsr.weights import Record, Tensors, write

_Read: TypeAlias = Mapping[str, npt.NDArray[Any]] | Mapping[str, Tensor]

_BY_KIND: dict[str, dict[str | None, Callable[[Path], _Read]]] = {
    ".mat": {"arcnn": read_arcnn, "dncnn": read_dncnn},
    ".bin": {None: read_rrdbnet},
}
"""Extension -> architecture -> reader; what is not named here is read as a state dict."""

_MADE_ANEW = (
    *("relative_position_index", "relative_position_index_SA", "relative_position_index_OCA"),
    *("relative_coords_table", "attn_mask"),
    *("num_batches_tracked", "total_ops", "total_params"),
)
"""Last parts of names of tensors that authors' files have and that follow from the sizes."""


def convert(source: str, preset: str, out: Path, name: str | None = None) -> Record:
    """Write a weight file with the tensors of an authors' file; gives its record.

    A network whose mean colour shows that it was trained on [0, 255] becomes one for [0, 1].

    Args:
        source: a file (.pth, .pt, .safetensors, .mat, .bin of ncnn), or a key of `PACKAGED`.
        preset: the network, a key of PRESETS.
        out: the weight file.
        name: in the record; None = the preset's.

    Raises:
        WeightsError: the file cannot be read, or its tensors are not those of the preset.
        ValueError: no such preset, or `out` is the source.
        OSError: `out` cannot be written.
    """
    check_preset(preset)
    path = packaged_file(source) if source in PACKAGED else Path(source)
    if not path.is_file():
        raise WeightsError(f"{source}: no such file")
    if out.exists() and out.samefile(path):
        raise ValueError(f"{out}: is the file to read, choose another to write")
    architecture = PRESETS[preset].architecture
    readers = _BY_KIND.get(path.suffix.lower(), {None: read_state_dict})
    reader = readers.get(architecture) or readers.get(None)
    if reader is None:
        known = ", ".join(map(str, readers))
        raise WeightsError(f"{source}: {path.suffix} files are known of {known}")
    with torch.device("meta"):
        network = build_preset(preset)
    shapes = {key: tuple(value.shape) for key, value in network.state_dict().items()}
    found = {
        key: value
        for key, value in reader(path).items()
        if key in shapes or key.rpartition(".")[2] not in _MADE_ANEW
    }
    reason = why_unfit({key: tuple(value.shape) for key, value in found.items()}, shapes)
    tensors: Tensors = {}
    if reason is None:
        tensors = {k: as_array(v) if isinstance(v, Tensor) else v for k, v in found.items()}
        unfit = (key for key, value in tensors.items() if not np.isfinite(value).all())
        reason = next((f"{key} is not finite" for key in unfit), None)
    if reason is not None:
        raise WeightsError(f"{source}: not weights of {preset} ({reason})")
    if is_of_levels(tensors):
        if network.config.skip:
            raise WeightsError(
                f"{source}: of pictures in [0, 255], and {preset} adds one in [0, 1]"
            )
        tensors = to_unit_range(tensors)
    record = Record(
        name=name or preset, training={"converted_from": path.name}, **network.describe()
    )
    return write(out, tensors, record)


def why_unfit(
    found: Mapping[str, tuple[int, ...]], shapes: Mapping[str, tuple[int, ...]]
) -> str | None:
    """Why tensors are not those of a network, None if they are.

    Args:
        found: name -> shape, of the tensors.
        shapes: name -> shape, of the network's.
    """
    missing = [name for name in shapes if name not in found]
    unknown = [name for name in found if name not in shapes]
    for word, names in (("lacks", missing), ("has", unknown)):
        if names:
            others = f" and {len(names) - 1} others" if len(names) > 1 else ""
            where = "" if word == "lacks" else ", which it does not know"
            return f"{word} {names[0]}{others}{where}"
    for name, shape in shapes.items():
        if found[name] != shape:
            return f"{name} is {found[name]}, not {shape}"
    return None
