"""The network's input against SciPy's DCT, its cosines at single pixels by hand."""

import math
from dataclasses import replace

import numpy as np
import pytest
import torch
from PIL import Image
from scipy.fft import dctn
from support.gradients import without_gradient

from jcarsr.networks.jdec import JDEC, JDECConfig, coefficients
from jcarsr.networks.windows import windows_of
from jcarsr.pixels import Pixels

CONFIG = JDECConfig(
    channels=8, hidden=6, num_groups=1, num_layers=2, heads=2, window=4, interleaved=False
)


def test_coefficients_are_scipys(photo: Pixels) -> None:
    """Of Pillow's YCbCr, whose values are rounded."""
    pixels = photo[:32, :48]
    tokens = coefficients(torch.from_numpy(pixels.copy()).permute(2, 0, 1)[None] / 255)
    assert tokens.shape == (1, 8, 12, 24)
    planes = np.asarray(Image.fromarray(pixels).convert("YCbCr"), float) - 128
    values = tokens.numpy() * 1020 - 4
    y = dctn(planes[8:12, 20:24, 0], norm="ortho")
    np.testing.assert_allclose(values[0, 2, 5, :16], y.ravel(), atol=3)
    for channel in (1, 2):
        halved = planes[8:12, 20:24, channel].reshape(2, 2, 2, 2).mean((1, 3))
        chroma = dctn(halved, norm="ortho").ravel()
        part = slice(12 + 4 * channel, 16 + 4 * channel)
        np.testing.assert_allclose(values[0, 2, 5, part], chroma, atol=3)


def test_interleaved_tokens_hold_every_second_coefficient_of_a_block(photo: Pixels) -> None:
    """Rows of a block of 8: its two tokens' frequencies 0 to 3 each, dealt out in turn."""
    rgb = torch.from_numpy(photo[:16, :16].copy()).permute(2, 0, 1)[None] / 255
    own, dealt = (coefficients(rgb, interleaved=flag)[0, :2, :2, :16] for flag in (False, True))
    block = own.view(2, 2, 4, 4).permute(0, 2, 1, 3).reshape(8, 8)
    for row in range(2):
        for column in range(2):
            torch.testing.assert_close(dealt[row, column].view(4, 4), block[row::2, column::2])


def test_a_pixel_is_the_mlp_of_its_tokens_cosines() -> None:
    network = JDEC(CONFIG)
    lq, tables = torch.rand(2, 3, 17, 23), torch.randint(1, 256, (2, 2, 8, 8)).float()
    seen = torch.nn.functional.pad(lq, (0, 9, 0, 15), "replicate")
    features = network.encoder_dct(coefficients(seen))
    assert features.shape == (2, 8, 8, 8)
    scale = network.qmapp(((tables + 4) / 1020).reshape(2, 128, 1, 1))
    coefs, freq = network.coef(features) * scale, network.freq(features)
    out = network(lq, tables).sr
    assert out.shape == lq.shape
    for row, column in ((0, 0), (5, 22), (16, 9)):
        token = (slice(None), slice(None), row // 4, column // 4)
        down, across = freq[token].split(6, dim=1)
        wave = torch.cos(math.pi * down * (2 * (row % 4) + 1) / 8)
        wave = wave * torch.cos(math.pi * across * (2 * (column % 4) + 1) / 8) * coefs[token]
        for index in (0, 2, 4, 6):
            layer = network.dequantizator.layers[index]
            wave = wave @ layer.weight[:, :, 0, 0].T + layer.bias
            wave = wave.clamp(min=0) if index < 6 else wave
        torch.testing.assert_close(out[:, :, row, column], wave + 0.5, atol=1e-5, rtol=1e-4)


def test_encoder_adds_its_shallow_features() -> None:
    encoder = JDEC(CONFIG).encoder_dct
    tokens = torch.rand(1, 8, 8, 24)
    x = encoder.patch_embed["norm"](encoder.patch_embed["projection"](tokens))
    windows = windows_of(x, CONFIG.window)
    for block in encoder.layers[0].blocks:
        x = block(x, windows)
    shallow = encoder.norm(x)
    group, y = encoder.layers_RSTB[0], shallow
    for block in group.residual_group.blocks:
        y = block(y, windows)
    y = shallow + group.conv(y.permute(0, 3, 1, 2)).permute(0, 2, 3, 1)
    deep = encoder.conv_after_body(encoder.norm(y).permute(0, 3, 1, 2))
    torch.testing.assert_close(encoder(tokens), deep + shallow.permute(0, 3, 1, 2))


def test_every_trained_parameter_receives_a_gradient() -> None:
    """The first layers begin as the identity: what their norms hide learns once these have."""
    network = JDEC(CONFIG)
    row, lq = network.encoder_dct.layers[0], torch.rand(1, 3, 16, 16)

    def learn() -> list[str]:
        network.zero_grad()
        network(lq, torch.ones(1, 2, 8, 8)).sr.square().mean().backward()
        return without_gradient(network)

    features = torch.rand(1, 4, 4, 8)
    torch.testing.assert_close(row(features), features)
    unused = [f"encoder_dct.patch_embed_deep.norm.{part}" for part in ("weight", "bias")]
    hidden = [name for name in learn() if name not in unused]
    assert all(".layers.0.blocks." in name and ".norm" not in name for name in hidden)
    for name, parameter in row.named_parameters():
        if ".norm" in name:
            torch.nn.init.normal_(parameter)
    assert learn() == unused
    assert not any(network.get_parameter(name).requires_grad for name in unused)


def test_with_skip_training_starts_from_the_input() -> None:
    lq = torch.rand(1, 3, 16, 16)
    network = JDEC(replace(CONFIG, skip=True, interleaved=True))
    assert torch.equal(network(lq, torch.ones(1, 2, 8, 8)).sr, lq)


@pytest.mark.parametrize(("field", "value"), [("hidden", 0), ("heads", 3), ("window", 1)])
def test_impossible_sizes_are_refused(field: str, value: int) -> None:
    with pytest.raises(ValueError, match=f"{field} must .*{value}"):
        JDECConfig(**{field: value})  # pyright: ignore
