from typing import Any

import numpy as np
import pytest
import skimage.filters
import torch
from scipy.fft import dctn

from jcarsr.loss_weights import LossWeights
from jcarsr.losses import (
    charbonnier_loss,
    gradient_loss,
    harm_loss,
    log_rms_loss,
    pixel_loss,
    squared_loss,
    texture_loss,
    total_loss,
)


def test_pixel_loss_of_a_constant_error() -> None:
    assert pixel_loss(torch.full((1, 3, 4, 4), 0.75), torch.full((1, 3, 4, 4), 0.5)) == 0.25


def test_log_rms_is_psnr_up_to_a_factor() -> None:
    """An error of 0.1 is 20 dB, of 0.01 is 40 dB; ln(rms) = -dB * ln(10) / 20."""
    hr = torch.zeros(2, 3, 4, 4).double()
    sr = torch.stack((torch.full((3, 4, 4), 0.1), torch.full((3, 4, 4), 0.01))).double()
    assert log_rms_loss(sr, hr).item() == pytest.approx(-30 * np.log(10) / 20, abs=0.01)


def test_squared_loss_of_a_constant_error() -> None:
    assert squared_loss(torch.full((1, 3, 4, 4), 0.75), torch.full((1, 3, 4, 4), 0.25)) == 0.25


def test_harm_is_counted_window_by_window_and_only_where_sr_is_worse() -> None:
    """Four windows; errors of 0.1 in plain; sr errs by 0.3 in one, 0.1 and 0 in the others."""
    hr = torch.rand(2, 3, 32, 32, dtype=torch.float64)
    sr, plain = hr.clone(), hr + 0.1
    sr[0, :, :16, 16:] += 0.3
    sr[0, :, 16:, :16] -= 0.1
    assert harm_loss(sr, hr, plain).item() == pytest.approx((0.09 - 0.01) / 8)
    assert harm_loss(plain, hr, plain) == 0


def test_harm_of_less_than_a_window_is_counted_at_once() -> None:
    hr = torch.rand(2, 3, 8, 8, dtype=torch.float64)
    sr, plain = hr.clone(), hr + 0.1
    sr[0, :, :4, 4:] += 0.3
    sr[0, :, 4:, :4] -= 0.1
    assert harm_loss(sr, hr, plain).item() == pytest.approx((0.1 / 4 - 0.01) / 2)


def test_harm_pushes_only_what_is_worse_towards_the_truth() -> None:
    hr = torch.zeros(1, 3, 16, 32)
    sr, plain = torch.full_like(hr, 0.2), torch.full_like(hr, 0.3)
    sr[..., 16:] = 0.5
    sr.requires_grad_()
    harm_loss(sr, hr, plain).backward()
    assert sr.grad is not None
    assert (sr.grad[..., :16] == 0).all()
    assert (sr.grad[..., 16:] > 0).all()


def test_texture_is_the_difference_of_the_strengths_of_scipys_coefficients() -> None:
    """One square of 4x4 windows, each transformed by SciPy."""
    rng = np.random.default_rng(0)
    pictures = [rng.random((20, 20)), 0.5 + 0.1 * rng.random((20, 20))]
    strengths: list[np.ndarray[Any, Any]] = []
    for picture in pictures:
        windows = [picture[y : y + 8, x : x + 8] for y in range(0, 13, 4) for x in range(0, 13, 4)]
        powers = [dctn(window, norm="ortho") ** 2 for window in windows]
        strengths.append(np.sqrt(np.mean(powers, 0) + 1e-8).ravel()[1:])
    expected = np.abs(strengths[0] - strengths[1]).mean()
    sr, hr = (torch.from_numpy(p)[None, None].repeat(1, 3, 1, 1) for p in pictures)
    assert texture_loss(sr, hr).item() == pytest.approx(expected, rel=1e-6)


def test_texture_asks_for_as_much_detail_and_not_for_its_place() -> None:
    """Other noise of the same strength is near, its mean, which is the least error, far."""
    hr, same, weaker = (
        torch.from_numpy(np.random.default_rng(i).normal(0.5, 0.1 / (1 + i // 2), (1, 3, 96, 96)))
        for i in range(3)
    )
    flat = torch.full_like(hr, 0.5)
    assert pixel_loss(same, hr) > pixel_loss(weaker, hr) > pixel_loss(flat, hr)
    assert texture_loss(same, hr) < texture_loss(weaker, hr) < texture_loss(flat, hr)
    even = flat.clone().requires_grad_()
    texture_loss(even, hr).backward()
    assert even.grad is not None
    assert even.grad.isfinite().all()


def test_texture_refuses_what_holds_no_square_of_windows() -> None:
    with pytest.raises(ValueError, match="texture needs 20x20 pixels, got 19x30"):
        texture_loss(torch.zeros(1, 3, 30, 19), torch.zeros(1, 3, 30, 19))


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
    terms = {name: torch.tensor(1.0) for name in ("pixel", "gradient", "jcar", "harm")}
    assert total_loss(terms, LossWeights()).item() == pytest.approx(1.6)
    others = LossWeights(pixel=0.5, gradient=0.0, jcar=2, harm=3)
    assert total_loss(terms, others).item() == pytest.approx(5.5)


def test_weights_for_what_is_not_there_are_refused_and_the_papers_are_left_out() -> None:
    assert LossWeights().for_outputs(["sr", "lr", "gradient"]) == LossWeights(
        gradient=0.1, jcar=0.5
    )
    assert LossWeights().for_outputs(["sr"]) == LossWeights(gradient=0.0, jcar=0.0)
    assert LossWeights().for_outputs(["lr"]) == LossWeights(gradient=0.0, jcar=0.0)
    for weights, outputs in (
        (LossWeights(gradient=0.1), ["sr", "lr"]),
        (LossWeights(jcar=0.5), ["sr", "gradient"]),
        (LossWeights(jcar=0.5), ["lr"]),
        (LossWeights(sr_gradient=0.1), ["lr"]),
    ):
        with pytest.raises(ValueError, match="the network has no output"):
            weights.for_outputs(outputs)  # pyright: ignore
