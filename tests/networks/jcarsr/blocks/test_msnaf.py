import torch
from torch.nn.functional import conv2d, layer_norm

from jcarsr.networks.jcarsr.blocks.msnaf import MSNAFB, MSNAFG


def test_block_is_equations_1_to_7() -> None:
    block, x = MSNAFB(8), torch.randn(2, 8, 17, 23)
    y = layer_norm(x.permute(0, 2, 3, 1), (8,), block.norm.weight, block.norm.bias)
    y = y.permute(0, 3, 1, 2)
    f3 = conv2d(y, block.conv3.weight, block.conv3.bias, padding=1)
    f5 = conv2d(y, block.conv5.weight, block.conv5.bias, padding=2)
    gated = block.attention(f3 * f5)
    expected = conv2d(gated, block.project.weight, block.project.bias) + x
    assert torch.allclose(block(x), expected, atol=1e-6)


def test_group_adds_its_input_around_its_blocks() -> None:
    group, x = MSNAFG(8, 2), torch.randn(1, 8, 6, 6)
    assert torch.allclose(group(x), group.blocks[1](group.blocks[0](x)) + x)
