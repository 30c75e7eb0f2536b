"""Our networks and spandrel's give the same with the same parameters."""

from typing import Any

import pytest
import torch
from skimage.data import astronaut
from torch import nn
from torch.nn.functional import avg_pool2d

from jcarsr.convert.realesrgan import packaged_file, read_rrdbnet
from jcarsr.errors import WeightsError
from jcarsr.networks.dncnn import DnCNN, DnCNNConfig
from jcarsr.networks.fbcnn import FBCNN, FBCNNConfig
from jcarsr.networks.layers import luma

from .conftest import architecture

pytestmark = [pytest.mark.reference, pytest.mark.filterwarnings("default")]


@torch.inference_mode()
@pytest.mark.parametrize("size", [(32, 40), (17, 23)])
def test_fbcnn(size: tuple[int, int]) -> None:
    config = FBCNNConfig()
    network = FBCNN(config)
    theirs: nn.Module = architecture("FBCNN.__arch.FBCNN").FBCNN()
    theirs.load_state_dict(network.state_dict())
    lq = torch.rand(1, 3, *size)
    sr, quality = theirs(lq)
    torch.testing.assert_close(network(lq).sr, sr, atol=1e-5, rtol=1e-5)
    ours = network.qf_pred(network._encode(lq)[1])
    torch.testing.assert_close(ours, quality, atol=1e-5, rtol=1e-5)


@torch.inference_mode()
def test_dncnn() -> None:
    network = DnCNN(DnCNNConfig())
    kind: Any = architecture("DnCNN.__arch.network_dncnn").DnCNN
    theirs = kind(in_nc=1, out_nc=1, nc=64, nb=20, act_mode="R")
    theirs.load_state_dict(network.state_dict())
    lq = torch.rand(2, 3, 17, 23)
    y = luma(lq)
    torch.testing.assert_close(luma(network(lq).sr), theirs(y), atol=1e-5, rtol=1e-5)


@torch.inference_mode()
@pytest.mark.parametrize(
    ("name", "expected"),
    [("realesrgan-x4plus", 16_697_987), ("realesrgan-x4plus-anime", 4_467_779)],
)
def test_real_esrgan_of_the_package(name: str, expected: int) -> None:
    """By our names spandrel knows it, and it enlarges a photograph to nearly the original."""
    try:
        tensors = read_rrdbnet(packaged_file(name))
    except WeightsError as error:
        pytest.skip(str(error))
    assert sum(value.size for value in tensors.values()) == expected
    module = architecture("ESRGAN")
    state = {key: torch.from_numpy(value.copy()) for key, value in tensors.items()}
    descriptor = module.ESRGANArch().load(state)
    assert (descriptor.scale, descriptor.input_channels) == (4, 3)
    hr = torch.from_numpy(astronaut()[0:192, 128:320].copy()).permute(2, 0, 1)[None] / 255
    sr = descriptor.model(avg_pool2d(hr, 4))
    assert (sr - hr).abs().mean() < 0.05
