import torch

from jcarsr.networks.jcarsr.blocks.mscc import MSCCB, MSCCG, CrossConv


def test_a_cross_convolution_reaches_along_a_cross() -> None:
    impulse = torch.zeros(1, 1, 9, 9)
    impulse[..., 4, 4] = 1
    conv = CrossConv(1, 5)
    reached = (conv(impulse) - conv(torch.zeros_like(impulse)))[0, 0] != 0
    expected = torch.zeros(9, 9, dtype=torch.bool)
    expected[4, 2:7] = expected[2:7, 4] = True
    assert torch.equal(reached, expected)


def test_quarter_i_passes_i_blocks() -> None:
    """Equations 12-15, read off the reach: quarter i sees i blocks' worth of neighbours."""
    group = MSCCG(16)
    seen: list[torch.Tensor] = []
    group.refine.register_forward_pre_hook(lambda _, args: seen.append(args[0]))
    x = torch.randn(1, 16, 33, 33)
    moved = x.clone()
    moved[..., 16, 16] += 1
    group(x), group(moved)
    changed = (seen[0] - seen[1]).abs().amax((0, 2)) > 0  # (channels, columns)
    reach = [int(quarter.any(0).sum() - 1) // 2 for quarter in changed.split(4)]
    assert reach == [0, 4, 8, 12]  # a block reaches 4: two stages of 5 pixels


def test_group_adds_its_input() -> None:
    group, x = MSCCG(8), torch.randn(2, 8, 17, 23)
    for parameter in group.refine.parameters():
        torch.nn.init.zeros_(parameter)
    assert torch.equal(group(x), x)


def test_block_keeps_odd_sizes() -> None:
    assert MSCCB(6)(torch.randn(1, 6, 17, 23)).shape == (1, 6, 17, 23)
