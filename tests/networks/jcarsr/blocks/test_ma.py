import numpy as np
import torch
from scipy.ndimage import correlate
from scipy.special import erf

from jcarsr.networks.jcarsr.blocks.ma import MA


def sigmoid(x: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-x))


def test_agrees_with_equations_8_to_11_written_in_numpy() -> None:
    block, x = MA(8).double(), torch.randn(1, 8, 9, 11, dtype=torch.float64)
    p = {name: value.detach().numpy() for name, value in block.named_parameters()}
    f = x[0].numpy()

    pooled = f.mean((1, 2))
    hidden = p["channel.0.weight"][:, :, 0, 0] @ pooled + p["channel.0.bias"]
    hidden = hidden * 0.5 * (1 + erf(hidden / np.sqrt(2)))  # GELU
    channel = sigmoid(p["channel.2.weight"][:, :, 0, 0] @ hidden + p["channel.2.bias"])
    spatial = correlate(f.max(0), p["spatial.0.weight"][0, 0], mode="constant")
    spatial = sigmoid(spatial + p["spatial.0.bias"][0])

    expected = f * channel[:, None, None] * spatial
    np.testing.assert_allclose(block(x)[0].detach().numpy(), expected, atol=1e-12)
