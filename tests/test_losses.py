import numpy as np
import pytest
import skimage.filters
import torch

from jcarsr.losses import LossWeights, charbonnier_loss, gradient_loss, pixel_loss, total_loss


def test_pixel_loss_of_a_constant_error() -> None:
    assert pixel_loss(torch.full((1, 3, 4, 4), 0.75), torch.full((1, 3, 4, 4), 0.5)) == 0.25


def test_charbonnier_is_epsilon_at_zero_and_absolute_far_away() -> None:
    zero, one = torch.zeros(1, 3, 4, 4).double(), torch.ones(1, 3, 4, 4).double()
    assert charbonnier_loss(zero, zero).item() == pytest.approx(1e-3)
    assert charbonnier_loss(zero, one).item() == pytest.approx(1, abs=1e-6)


def test_gradient_loss_compares_with_the_sobel_map_of_hr() -> None:
    hr = torch.rand(1, 3, 12, 12, dtype=torch.float64)
    sobel = np.stack([skimage.filters.sobel(channel) for channel in hr[0].numpy()])
    assert gradient_loss(torch.from_numpy(sobel)[None], hr).item() == pytest.approx(0, abs=1e-12)
    assert gradient_loss(torch.zeros_like(hr), hr).item() == pytest.approx(np.abs(sobel).mean())


def test_total_has_the_papers_weights() -> None:
    terms = {name: torch.tensor(1.0) for name in ("pixel", "gradient", "jcar")}
    assert total_loss(terms, LossWeights()).item() == pytest.approx(1.6)
