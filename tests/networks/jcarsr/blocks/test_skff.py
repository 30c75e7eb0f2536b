import torch

from jcarsr.networks.jcarsr.blocks.skff import SKFF


def test_weights_sum_to_one_per_channel() -> None:
    fuse, a = SKFF(16), torch.randn(2, 16, 5, 7)
    assert torch.allclose(fuse(a, a), a, atol=1e-6)


def test_result_lies_between_its_inputs() -> None:
    fuse, a, b = SKFF(16), torch.randn(2, 16, 5, 7), torch.randn(2, 16, 5, 7)
    y = fuse(a, b)
    assert (y >= torch.minimum(a, b) - 1e-6).all()
    assert (y <= torch.maximum(a, b) + 1e-6).all()


def test_has_mirnets_parameters() -> None:
    """64 x 8 + PReLU + 2 x 8 x 64, no biases (MIRNet's SKFF with two inputs, reduction 8)."""
    assert sum(p.numel() for p in SKFF(64).parameters()) == 1537
