import pytest
import torch
from support.gradients import without_gradient
from torch.nn.functional import conv2d

from jcarsr.networks.dncnn import DnCNN, DnCNNConfig

CONFIG = DnCNNConfig(channels=6, num_layers=4)


def test_subtracts_the_predicted_error_of_y() -> None:
    network = DnCNN(CONFIG)
    p = dict(network.named_parameters())
    lq = torch.rand(2, 3, 17, 23)
    weights = torch.tensor([65.481, 128.553, 24.966])

    def y_of(rgb: torch.Tensor) -> torch.Tensor:
        return (torch.einsum("k,nkhw->nhw", weights, rgb)[:, None] + 16) / 255

    x = y_of(lq)
    for layer in range(4):
        x = conv2d(x, p[f"model.{2 * layer}.weight"], p[f"model.{2 * layer}.bias"], padding=1)
        x = x.clamp(min=0) if layer < 3 else x
    out = network(lq).sr
    torch.testing.assert_close(y_of(out), y_of(lq) - x, atol=1e-5, rtol=1e-5)
    change = out - lq  # equal in red, green and blue: neither Cb nor Cr changes
    torch.testing.assert_close(change, change[:, :1].expand_as(change), atol=1e-6, rtol=1e-5)


def test_every_parameter_receives_a_gradient() -> None:
    network = DnCNN(CONFIG)
    network(torch.rand(1, 3, 8, 8)).sr.square().mean().backward()
    assert without_gradient(network) == []


@pytest.mark.parametrize(("field", "value"), [("channels", 0), ("num_layers", 1)])
def test_impossible_sizes_are_refused(field: str, value: int) -> None:
    with pytest.raises(ValueError, match=f"{field} must be .*{value}"):
        DnCNNConfig(**{field: value})
