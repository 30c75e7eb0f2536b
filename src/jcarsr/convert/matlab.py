"""Weights in MATLAB files, as the authors of ARCNN and DnCNN give them."""

from __future__ import annotations

from importlib import import_module
from math import prod
from pathlib import Path
from typing import Any

import numpy as np

from jcarsr.errors import WeightsError
from jcarsr.weights import Tensors

_LARGEST = 2**24  # values in such a file; theirs have a twentieth of that
_MOST_LAYERS = 4096


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
        layers = ("conv1", "conv2", "conv22", "conv3")
        names = [f"{kind}_{name}" for name in layers for kind in ("biases", "weights")]
        # a variable may be any number of zeros in a few bytes: sizes first, and no other's values
        listed: list[tuple[str, tuple[int, ...], str]] = scipy_io.whosmat(str(path))
        kept = [(name, shape, kind) for name, shape, kind in listed if name in names]
        for name, _, kind in kept:
            if kind not in ("single", "double"):
                raise ValueError(f"{name} is of {kind}")
        if sum(prod(shape) for _, shape, _ in kept) > _LARGEST:
            raise ValueError(f"has more than {_LARGEST} values")
        said: dict[str, Any] = scipy_io.loadmat(str(path), variable_names=names)
        for name in layers:
            bias = np.asarray(said[f"biases_{name}"], np.float32).ravel()
            kernels = np.asarray(said[f"weights_{name}"], np.float32)
            kernels = kernels.reshape(len(kernels), -1, len(bias))  # one output: its axis is gone
            side = round(kernels.shape[1] ** 0.5)
            kernels = kernels.transpose(2, 0, 1).reshape(len(bias), -1, side, side)
            tensors[f"{name}.weight"] = kernels.swapaxes(2, 3)
            tensors[f"{name}.bias"] = bias
    except KeyError as error:
        raise WeightsError(f"{path}: no weights of ARCNN (it has no {error.args[0]})") from error
    except NotImplementedError as error:  # which names a package that would not help
        raise WeightsError(f"{path}: no weights of ARCNN (MATLAB 7.3, theirs are 5)") from error
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
            references = _references(file["net"]["layers"], _MOST_LAYERS)
            left = _LARGEST
            for index, reference in enumerate(references):
                layer = file[reference]
                if "weights" not in layer:
                    continue
                kernels, bias = (file[part] for part in _references(layer["weights"], 2))
                left -= kernels.size + bias.size
                if left < 0 or any(part.dtype.kind != "f" for part in (kernels, bias)):
                    raise ValueError(f"layer {index} is too large, or not of numbers")
                weight = np.asarray(kernels, np.float32)
                weight = weight.reshape(-1, *weight.shape[-3:])  # one output: its axis is gone
                tensors[f"model.{index}.weight"] = weight.swapaxes(2, 3)
                tensors[f"model.{index}.bias"] = np.asarray(bias, np.float32).ravel()
    except Exception as error:  # the library has an error for each of its ways to fail
        raise WeightsError(f"{path}: no weights of DnCNN ({first_line(error)})") from error
    return tensors


def _references(dataset: Any, most: int) -> list[Any]:
    """The references in a dataset, which may claim any size.

    Raises:
        ValueError: there are more than `most`.
    """
    if dataset.size > most:
        raise ValueError(f"has {dataset.size} parts where at most {most} are expected")
    return list(np.asarray(dataset).ravel())


def first_line(error: Exception) -> str:
    """What an error of a library says, on one line."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[0] if lines else type(error).__name__
