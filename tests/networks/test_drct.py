"""A group against its equations; its layers are compared with theirs in `test_windows`."""

import pytest
import torch
from torch.nn.functional import leaky_relu, linear

from jcarsr.networks.drct import RDG, DRCTConfig
from jcarsr.networks.windows import SwinLayer, windows_of


def test_layers_of_the_papers_network() -> None:
    expected = [(180, 6), (212, 4), (244, 2), (276, 6), (308, 4)]
    assert DRCTConfig(scale=2).layers == expected


def test_group_is_the_papers_equations() -> None:
    group = RDG(DRCTConfig(scale=2, channels=12, num_heads=3, window=4, growth=6), 0)
    p, x = dict(group.named_parameters()), torch.randn(2, 8, 12, 12)
    features = [x]
    for layer, (ratio, shifted) in enumerate(zip((2, 2, 2, 1, 1), (0, 1, 0, 1, 0), strict=True), 1):
        swin = SwinLayer(
            12 + 6 * (layer - 1), 3, 4, shifted=bool(shifted), mlp_ratio=ratio, drop_path=0.0
        )
        start = f"swin{layer}."
        swin.load_state_dict({n.removeprefix(start): v for n, v in p.items() if start in n})
        y = swin(torch.cat(features, -1), windows_of(x, 4))
        y = linear(y, p[f"adjust{layer}.weight"].flatten(1), p[f"adjust{layer}.bias"])
        features.append(leaky_relu(y, 0.2))
    torch.testing.assert_close(group(x, windows_of(x, 4)), x + 0.2 * y)


def test_widths_without_whole_heads_are_refused() -> None:
    with pytest.raises(ValueError, match="growth must leave 2 heads of 49 channels, got 1"):
        DRCTConfig(scale=2, channels=48, num_heads=3, growth=1)
