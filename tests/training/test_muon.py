from typing import cast

import pytest
import torch
from torch import Tensor, nn

from jcarsr.training.muon import Muon, orthogonalise


def stepped(shape: tuple[int, ...], gradients: list[Tensor], *beside: nn.Parameter) -> Tensor:
    """A parameter of ones after one step for every gradient."""
    param = nn.Parameter(torch.ones(shape))
    optimizer = Muon([param, *beside], lr=0.01)
    for gradient in gradients:
        for each in (param, *beside):
            each.grad = gradient.reshape(each.shape)
        optimizer.step()
    return param.detach()


@pytest.mark.parametrize("shape", [(8, 8), (8, 40), (40, 8)])
def test_singular_vectors_stay_and_values_come_near_one(shape: tuple[int, int]) -> None:
    matrices = torch.randn(3, *shape)
    u, values, vh = cast(list[Tensor], torch.linalg.svd(matrices, full_matrices=False))
    after = u.mT @ orthogonalise(matrices) @ vh.mT
    diagonal = after.diagonal(dim1=1, dim2=2)
    torch.testing.assert_close(after, torch.diag_embed(diagonal), atol=1e-4, rtol=0)
    kept = values > 0.05 * values.amax(1, keepdim=True)  # the smallest take more iterations
    assert ((diagonal[kept] > 0.65) & (diagonal[kept] < 1.25)).all()


@pytest.mark.parametrize("shape", [(6, 20), (20, 6)])
def test_matrices_move_as_by_torch(shape: tuple[int, int]) -> None:
    gradients = [torch.randn(shape) for _ in range(3)]
    theirs = nn.Parameter(torch.ones(shape))
    optimizer = torch.optim.Muon(
        [theirs], lr=0.01, weight_decay=0.0, adjust_lr_fn="match_rms_adamw"
    )
    for gradient in gradients:
        theirs.grad = gradient.clone()
        optimizer.step()
    moved, expected = stepped(shape, gradients) - 1, theirs.detach() - 1
    assert (moved - expected).norm() < 0.02 * expected.norm()  # torch computes in bfloat16


def test_kernel_moves_as_its_matrix_whatever_its_layout() -> None:
    gradients = [torch.randn(6, 5, 3, 3) for _ in range(2)]
    expected = stepped((6, 45), gradients)
    torch.testing.assert_close(stepped((6, 5, 3, 3), gradients).flatten(1), expected)
    last = [g.contiguous(memory_format=torch.channels_last) for g in gradients]
    torch.testing.assert_close(stepped((6, 5, 3, 3), last).flatten(1), expected)


def test_others_of_the_same_shape_change_nothing() -> None:
    gradients = [torch.randn(6, 20) for _ in range(2)]
    beside = nn.Parameter(torch.zeros(6, 20))
    torch.testing.assert_close(stepped((6, 20), gradients, beside), stepped((6, 20), gradients))
    torch.testing.assert_close(beside.detach(), stepped((6, 20), gradients) - 1)


def test_update_is_as_large_as_the_rate_says() -> None:
    moved = stepped((32, 288), [torch.randn(32, 288)]) - 1
    assert moved.square().mean().sqrt().item() == pytest.approx(0.2 * 0.01, rel=0.2)


def test_parameter_without_a_gradient_stays() -> None:
    param = nn.Parameter(torch.ones(4, 4))
    Muon([param], lr=0.01).step()
    assert torch.equal(param, torch.ones(4, 4))


def test_vector_is_refused_with_its_shape() -> None:
    with pytest.raises(ValueError, match=r"\(7,\)"):
        Muon([nn.Parameter(torch.ones(7))], lr=0.01)
