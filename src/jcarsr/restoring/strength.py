"""How much is restored: a mix of a restored picture and the plainly enlarged input."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from jcarsr.image.picture import Picture
from jcarsr.pixels import Samples
from jcarsr.resample import resize_bands
from jcarsr.restoring.transparency import fill_hidden

_ROWS = 64  # mixed at once


def enlarge(picture: Picture, height: int, width: int) -> Picture:
    """Return the input at another size by bicubic resampling (MATLAB's imresize), as stored.

    Colours under fully transparent pixels are filled in first, as the networks see them.

    Args:
        picture: as decoded.
        height: rows of the result, as stored.
        width: columns of the result, as stored.
    """
    return _mix_in(None, picture, 0.0, height, width)


def apply_strength(restored: Picture, picture: Picture, strength: float) -> Picture:
    """Return `strength` parts of a restored picture and the rest of the enlarged input.

    Both are rounded before they are mixed: 0 is `enlarge` and 1 is `restored`, bit for bit.

    Args:
        restored: of any size, turned as `picture` is.
        picture: the input.
        strength: from 0 to 1.
    """
    if strength == 1:
        return restored
    height, width = restored.samples.shape[:2]
    return _mix_in(restored, picture, strength, height, width)


def blend(first: Samples, second: Samples, share: float) -> Samples:
    """Return `share` parts of the second and the rest of the first, rounded.

    Two arrays of one shape and type, uint8 or uint16; at 0 and 1 bit for bit one of them.
    """
    mixed = np.empty_like(first)
    for top in range(0, len(first), _ROWS):
        rows = slice(top, top + _ROWS)
        difference = second[rows].astype(np.float64) - first[rows]
        mixed[rows] = (first[rows] + share * difference).round()
    return mixed


def _mix_in(
    restored: Picture | None, picture: Picture, strength: float, height: int, width: int
) -> Picture:
    samples, alpha = picture.samples, picture.alpha
    if alpha is not None:
        samples = fill_hidden(samples, alpha)
    if picture.grey:
        samples = samples[..., :1]
    ours, ours_alpha = None, None
    if restored is not None:
        ours, ours_alpha = restored.samples, restored.alpha
    mixed = _mix_samples(ours, samples, strength, height, width)
    if picture.grey:
        mixed = np.repeat(mixed, 3, axis=2)
    opacity = None
    if alpha is not None:
        planes = None if ours_alpha is None else ours_alpha[..., None]
        opacity = _mix_samples(planes, alpha[..., None], strength, height, width)[..., 0]
    return replace(restored or picture, samples=mixed, alpha=opacity, jpeg=None)


def _mix_samples(
    restored: Samples | None, samples: Samples, strength: float, height: int, width: int
) -> Samples:
    channels = samples.shape[2]
    mixed = np.empty((height, width, channels), samples.dtype)
    top = np.iinfo(samples.dtype).max
    for rows, band in resize_bands(samples, height, width, np.float64):
        plain = band.round().clip(0, top).astype(samples.dtype)
        if restored is None:
            mixed[rows] = plain
        else:
            mixed[rows] = blend(plain, restored[rows, :, :channels], strength)
    return mixed
