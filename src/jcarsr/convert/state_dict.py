"""Weights as PyTorch stores them: .pth files, and safetensors without a record of ours."""

from __future__ import annotations

import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from jcarsr.errors import WeightsError
from jcarsr.safefile import SafeFileError, read_tensors

_ENVELOPES = ("params_ema", "params", "state_dict", "model", "sd")
"""Keys under which training programs put the tensors; the average of the weights comes first."""


def read_state_dict(path: Path) -> dict[str, Tensor]:
    """The tensors of a file, by the names that the authors' code gives them.

    Only tensors and plain containers are read: a file that would run code is refused. A tensor may
    be a few bytes seen as any number of values: `as_array` makes them, once the shape is known.

    Raises:
        WeightsError: no such file, it holds no tensors, or one without values of its own.
    """
    if path.suffix == ".safetensors":
        try:
            said: Any = read_tensors(path, "pt")
        except SafeFileError as error:
            raise WeightsError(f"{path}: {error}") from error
    else:
        _refuse_bomb(path)
        try:
            said = torch.load(path, map_location="cpu", weights_only=True)
        except FileNotFoundError as error:
            raise WeightsError(f"{path}: no such file") from error
        except Exception as error:  # its own texts advise to load such a file nevertheless
            raise WeightsError(f"{path}: damaged, or not a file of tensors alone") from error
    tensors = {name.removeprefix("module."): value for name, value in _open(said).items()}
    if not tensors:
        raise WeightsError(f"{path}: holds no tensors by name")
    for name, value in tensors.items():
        if not _is_plain(value):
            raise WeightsError(f"{path}: {name} is not a plain table of numbers")
    return tensors


def as_array(value: Tensor) -> npt.NDArray[np.float32]:
    """The values of a tensor that `read_state_dict` gave."""
    return value.detach().float().numpy()


def _is_plain(value: Tensor) -> bool:
    """Whether every value is there: not sparse, without memory, quantised or complex."""
    dense = value.layout == torch.strided and not value.is_nested and not value.is_quantized
    return dense and value.device.type == "cpu" and not value.is_complex()


def _refuse_bomb(path: Path) -> None:
    """Raise a WeightsError if an archive claims more than the file holds; PyTorch packs nothing."""
    if not zipfile.is_zipfile(path):
        return
    try:
        with zipfile.ZipFile(path) as archive:
            claimed = sum(entry.file_size for entry in archive.infolist())
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError):
        return  # PyTorch refuses it
    if claimed > path.stat().st_size:
        raise WeightsError(f"{path}: is packed, which PyTorch's files are not")


def _open(said: Any) -> dict[str, Tensor]:
    """The named tensors, out of what they are wrapped in."""
    while isinstance(said, Mapping):
        entries = cast(Mapping[Any, Any], said)
        inner = next((entries[key] for key in _ENVELOPES if key in entries), None)
        if not isinstance(inner, Mapping):
            return {
                name: value
                for name, value in entries.items()
                if isinstance(name, str) and isinstance(value, Tensor)
            }
        said = cast(Any, inner)
    return {}
