"""The authors' ARCNN and DnCNN-3 give the pictures and the figures that they gave there."""

import io
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from jcarsr.convert.matlab import read_arcnn, read_dncnn
from jcarsr.networks.catalog import build_preset
from jcarsr.networks.network import Network
from jcarsr.pixels import luma
from jcarsr.weights import Tensors

from .conftest import given_file

pytestmark = pytest.mark.reference


def load(preset: str, name: str, reader: Callable[[Path], Tensors]) -> Network:
    network = build_preset(preset)
    tensors = reader(given_file("JCARSR_WEIGHTS", name))
    network.load_state_dict({key: torch.from_numpy(v.copy()) for key, v in tensors.items()})
    return network


@torch.inference_mode()
def test_arcnn_makes_the_authors_picture() -> None:
    """Other orientations of the kernels are off by 14 levels."""
    pytest.importorskip("scipy")
    network = load("arcnn", "arcnn_q40.mat", read_arcnn)
    jpeg = np.asarray(Image.open(given_file("JCARSR_WEIGHTS", "arcnn_147.jpg")).convert("RGB"))
    theirs = np.asarray(Image.open(given_file("JCARSR_WEIGHTS", "arcnn_147_q40.png"))).astype(int)
    lq = torch.from_numpy(jpeg.copy()).permute(2, 0, 1)[None] / 255
    own = (network(lq).sr[0].permute(1, 2, 0) * 255).round().clamp(0, 255).numpy()
    off = np.abs(own - theirs)
    assert off.max() <= 1
    assert off.mean() < 0.003


@torch.inference_mode()
@pytest.mark.parametrize(
    ("preset", "name", "reader", "expected"),
    [("dncnn3", "DnCNN3.mat", read_dncnn, 31.82), ("arcnn", "arcnn_q10.mat", read_arcnn, 31.60)],
)
def test_psnr_on_y_of_set5_at_qf_10(
    preset: str, name: str, reader: Callable[[Path], Tensors], expected: float
) -> None:
    pytest.importorskip("h5py" if preset == "dncnn3" else "scipy")
    network, psnr = load(preset, name, reader), list[float]()
    for path in sorted(given_file("JCARSR_TESTS", "Set5").iterdir()):
        y = luma(np.asarray(Image.open(path).convert("RGB"))).round().astype(np.uint8)
        file = io.BytesIO()
        Image.fromarray(y).save(file, "JPEG", quality=10)
        decoded = np.asarray(Image.open(file)).astype(np.float32)
        grey = torch.from_numpy((decoded - 16) / 219).expand(1, 3, -1, -1)
        own = (network(grey).sr[0, 0].numpy() * 219 + 16).round().clip(0, 255)
        psnr.append(10 * np.log10(255**2 / np.mean((own - y.astype(float)) ** 2)))
    assert np.mean(psnr) == pytest.approx(expected, abs=0.01)
