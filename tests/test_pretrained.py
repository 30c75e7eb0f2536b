"""The bundled weights at work, on photographs that are not in the training data."""

import zlib

import numpy as np
import pytest
import skimage.data

import jcarsr
from jcarsr.degradation.history import parse_history
from jcarsr.degradation.pipeline import degrade
from jcarsr.methods.bicubic import Bicubic
from jcarsr.weights import PRETRAINED


@pytest.mark.parametrize("scale", [2, 4])
@pytest.mark.parametrize("qf", [10, 80])
@pytest.mark.parametrize("name", ["astronaut", "chelsea"])
def test_restored_is_nearer_to_the_original_than_bicubic(name: str, qf: int, scale: int) -> None:
    hr = getattr(skimage.data, name)()[:256, 100:356]
    lq = degrade(hr, scale, parse_history(f"jpeg{qf}")).lq
    protocol = jcarsr.EvalProtocol(border=scale)
    ours = protocol.score(np.asarray(jcarsr.restore(lq, scale=scale)), hr)
    floor = protocol.score(Bicubic(scale).restore(lq), hr)
    assert ours.psnr > floor.psnr


def test_a_wheel_of_the_package_stays_below_8_megabytes() -> None:
    """Its files as a wheel stores them, and 300 bytes a file for their names."""
    files = [path for path in PRETRAINED.parent.rglob("*") if path.is_file()]
    files = [path for path in files if path.suffix != ".pyc"]
    assert sum(len(zlib.compress(path.read_bytes())) + 300 for path in files) < 8_000_000
