"""Weights as PyTorch stores them: .pth files, and safetensors without a record of ours."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

import torch
from torch import Tensor

from jcarsr.errors import WeightsError
from jcarsr.safefile import SafeFileError, read_tensors
from jcarsr.weights import Tensors

_ENVELOPES = ("params_ema", "params", "state_dict", "model", "sd")
"""Keys under which training programs put the tensors; the average of the weights comes first."""


def read_state_dict(path: Path) -> Tensors:
    """The tensors of a file, by the names that the authors' code gives them.

    Only tensors and plain containers are read: a file that would run code is refused.

    Raises:
        WeightsError: no such file, or it holds no tensors.
    """
    if path.suffix == ".safetensors":
        try:
            said: Any = read_tensors(path, "pt")
        except SafeFileError as error:
            raise WeightsError(f"{path}: {error}") from error
    else:
        try:
            said = torch.load(path, map_location="cpu", weights_only=True)
        except FileNotFoundError as error:
            raise WeightsError(f"{path}: no such file") from error
        except Exception as error:  # its own texts advise to load such a file nevertheless
            raise WeightsError(f"{path}: damaged, or not a file of tensors alone") from error
    tensors = {
        name.removeprefix("module."): value.detach().float().numpy()
        for name, value in _open(said).items()
    }
    if not tensors:
        raise WeightsError(f"{path}: holds no tensors by name")
    return tensors


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
