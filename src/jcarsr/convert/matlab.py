"""Weights in MATLAB files, as the authors of ARCNN and DnCNN give them."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np

from jcarsr.errors import WeightsError
from jcarsr.weights import Tensors

_LARGEST = 2**26  # values of a tensor in such a file; theirs have far fewer


def read_arcnn(path: Path) -> Tensors:
    """The tensors of an ARCNN file (MATLAB 5): `weights_conv1` (in, area, out) and so on.

    Kernels are stored column by column.

    Raises:
        WeightsError: no such file, or it lacks a layer.
        ModuleNotFoundError: SciPy is not installed.
    """
    scipy_io: Any = import_module("scipy.io")
    tensors: dict[str, Any] = {}
    try:
        said: dict[str, Any] = scipy_io.loadmat(str(path))
        for name in ("conv1", "conv2", "conv22", "conv3"):
            bias = np.asarray(said[f"biases_{name}"], np.float32).ravel()
            kernels = np.asarray(said[f"weights_{name}"], np.float32)
            kernels = kernels.reshape(len(kernels), -1, len(bias))  # one output: its axis is gone
            side = round(kernels.shape[1] ** 0.5)
            kernels = kernels.transpose(2, 0, 1).reshape(len(bias), -1, side, side)
            tensors[f"{name}.weight"] = kernels.swapaxes(2, 3)
            tensors[f"{name}.bias"] = bias
    except KeyError as error:
        raise WeightsError(f"{path}: no weights of ARCNN (it has no {error.args[0]})") from error
    except Exception as error:  # the library has an error for each of its ways to fail
        raise WeightsError(f"{path}: no weights of ARCNN ({first_line(error)})") from error
    return tensors


def read_dncnn(path: Path) -> Tensors:
    """The tensors of a DnCNN file (MATLAB 7.3, that is HDF5): layers of MatConvNet, in order.

    Kernels are (out, in, width, height) there, the last one (in, width, height).

    Raises:
        WeightsError: no such file, or it has no layers.
        ModuleNotFoundError: h5py is not installed.
    """
    h5py: Any = import_module("h5py")
    tensors: dict[str, Any] = {}
    try:
        with h5py.File(str(path), "r") as file:
            references = np.asarray(file["net"]["layers"]).ravel()
            for index, reference in enumerate(references):
                layer = file[reference]
                if "weights" not in layer:
                    continue
                kernels, bias = (file[part] for part in np.asarray(layer["weights"]).ravel())
                if max(kernels.size, bias.size) > _LARGEST:
                    raise ValueError(f"layer {index} is too large")
                weight = np.asarray(kernels, np.float32)
                weight = weight.reshape(-1, *weight.shape[-3:])  # one output: its axis is gone
                tensors[f"model.{index}.weight"] = weight.swapaxes(2, 3)
                tensors[f"model.{index}.bias"] = np.asarray(bias, np.float32).ravel()
    except Exception as error:  # the library has an error for each of its ways to fail
        raise WeightsError(f"{path}: no weights of DnCNN ({first_line(error)})") from error
    return tensors


def first_line(error: Exception) -> str:
    """What an error of a library says, on one line."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[0] if lines else type(error).__name__
