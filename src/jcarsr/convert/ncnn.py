"""Weights of ncnn: a text of layers (.param) and their values in the same order (.bin)."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from jcarsr.errors import WeightsError

_MAGIC = "7767517"
_HALF = 0x01306B47  # stands before values in fp16; 0 before those in fp32
_WITHOUT_VALUES = {
    *("Input", "Split", "Concat", "Eltwise", "BinaryOp", "Interp", "PixelShuffle"),
    *("ReLU", "Sigmoid", "Crop"),
}


class Convolution(NamedTuple):
    """A layer's values."""

    weight: npt.NDArray[np.float32]
    """(out, in, height, width)."""
    bias: npt.NDArray[np.float32]
    """(out,)."""


def read_convolutions(path: Path) -> list[Convolution]:
    """The convolutions of a .bin file, in order; the .param file of that name says their sizes.

    Raises:
        WeightsError: a file is missing, of another form, or the two do not fit.
    """
    layers = path.with_suffix(".param")
    try:
        lines, data = layers.read_text("utf-8").splitlines(), path.read_bytes()
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "not a text"
        named = layers if not layers.is_file() or isinstance(error, UnicodeDecodeError) else path
        raise WeightsError(f"{named}: cannot be read ({reason})") from error
    if not lines or lines[0].strip() != _MAGIC:
        raise WeightsError(f"{layers}: not a list of ncnn's layers")
    found: list[Convolution] = []
    at = 0
    try:
        for line in filter(str.strip, lines[2:]):
            kind, name = line.split()[:2]
            if kind == "Convolution":
                convolution, at = _read(data, at, _settings(line))
                found.append(convolution)
            elif kind not in _WITHOUT_VALUES:
                raise ValueError(f"layer {name} is a {kind}, which is not known")
    except (ValueError, KeyError, IndexError, OverflowError) as error:
        raise WeightsError(f"{path}: cannot be read ({error})") from error
    if at != len(data):
        raise WeightsError(f"{path}: has {len(data)} bytes, and {layers.name} speaks of {at}")
    return found


def _settings(line: str) -> dict[int, int]:
    """A layer's numbered whole numbers: 0 outputs, 1 kernel's side, 5 has a bias, 6 values."""
    pairs = (word.split("=") for word in line.split() if "=" in word)
    return {int(key): int(value) for key, value in pairs if value.isdecimal()}


def _read(data: bytes, at: int, settings: dict[int, int]) -> tuple[Convolution, int]:
    """The convolution that begins at a byte, and where it ends."""
    outputs, side, count = settings[0], settings[1], settings[6]
    if not 0 < outputs <= count:  # each output has a weight or more
        raise ValueError(f"{outputs} outputs of {count} weights")
    flag = int(_values(data, at, 1, "<u4")[0])
    if flag not in (_HALF, 0):
        raise ValueError(f"its values are of an unknown kind, {flag:#010x}")
    kind = "<f2" if flag else "<f4"
    weight = _values(data, at + 4, count, kind).astype(np.float32)
    at += 4 + -(-weight.size * (2 if flag else 4) // 4) * 4
    bias = np.zeros(outputs, np.float32)
    if settings.get(5):
        bias = _values(data, at, outputs, "<f4").astype(np.float32)
        at += 4 * outputs
    return Convolution(weight.reshape(outputs, -1, side, settings.get(11, side)), bias), at


def _values(data: bytes, at: int, count: int, kind: str) -> npt.NDArray[Any]:
    size = np.dtype(kind).itemsize * count
    if at + size > len(data):
        raise ValueError("it ends too early")
    return np.frombuffer(data, kind, count, at)
