"""A decoded picture -> a restored one: colours, transparency, greys, exact size."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from PIL import Image

from jcarsr.image.geometry import swaps_sides
from jcarsr.image.picture import Picture
from jcarsr.pixels import Samples, to_samples
from jcarsr.progress import OnTile, ignore_progress, pass_of
from jcarsr.restoring.restorer import NetworkRestorer
from jcarsr.restoring.saturation import keep_saturated
from jcarsr.restoring.transparency import fill_hidden, keep_certain


@dataclass(frozen=True)
class RestoredPicture:
    """A restored picture and what it took."""

    picture: Picture
    tile: int | None
    """Side of the tiles that were small enough."""
    full_precision_tiles: int
    """Tiles whose values were not finite at first."""


def compose(
    picture: Picture,
    restorer: NetworkRestorer,
    size: tuple[int, int] | None = None,
    on_tile: OnTile = ignore_progress,
) -> RestoredPicture:
    """Restore a picture as it is stored; whoever saves it turns it upright.

    Args:
        picture: of 8 or 16 bits.
        restorer: the network.
        size: (width, height) of the upright result, the network's is shrunk to it;
            None = the network's.
        on_tile: called with (tiles done, tiles in all), alpha's after the colours'.

    Raises:
        JCARSRError: as `NetworkRestorer.restore`.
    """
    samples, alpha = picture.samples, picture.alpha
    if alpha is not None:
        samples = fill_hidden(samples, alpha)
    passes = 1 if alpha is None else 2
    reading = restorer.reading(picture.last_save)
    colours = reading.run(samples, pass_of(on_tile, 0, passes), alpha=alpha is not None)
    sr, repeated = colours.samples, colours.full_precision_tiles
    keep_saturated(sr, samples, restorer.scale)
    if picture.grey:
        sr = _mean_channel(sr)
    alpha_sr = None
    if alpha is not None:
        planes = np.repeat(alpha[..., None], 3, axis=2)
        opacity = restorer.run(planes, pass_of(on_tile, 1, passes), alpha=True)
        repeated += opacity.full_precision_tiles
        alpha_sr = keep_certain(_mean_channel(opacity.samples)[..., 0], alpha, restorer.scale)
    if size is not None and swaps_sides(picture.orientation):
        size = (size[1], size[0])
    if size is not None and size != (sr.shape[1], sr.shape[0]):
        sr = shrink(sr, size)
        alpha_sr = None if alpha_sr is None else shrink(alpha_sr[..., None], size)[..., 0]
    result = replace(picture, samples=sr, alpha=alpha_sr, jpeg=None)
    return RestoredPicture(result, colours.tile, repeated)


def shrink(samples: Samples, size: tuple[int, int]) -> Samples:
    """(H, W, C) -> (height, width, C) of the same type, by Pillow's bicubic filter in float32.

    It is the filter by which the pictures that the networks learn from are shrunk.
    """
    top = np.iinfo(samples.dtype).max
    result = np.empty((size[1], size[0], samples.shape[2]), samples.dtype)
    for channel in range(samples.shape[2]):
        plane = Image.fromarray(samples[..., channel].astype(np.float32))
        resized = np.asarray(plane.resize(size, Image.Resampling.BICUBIC))
        result[..., channel] = to_samples(resized / np.float32(top), samples.dtype)
    return result


def _mean_channel(samples: Samples) -> Samples:
    """(H, W, 3) -> the same with three equal channels, their mean."""
    mean = samples.mean(axis=2, dtype=np.float32).round().astype(samples.dtype)
    return np.repeat(mean[..., None], 3, axis=2)
