"""FBCNN (Jiang et al. 2021, "Towards Flexible Blind JPEG Artifacts Removal")."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

from torch import Tensor, nn

from jcarsr.networks.layers import conv3x3, repeat_to_multiple, start_at_zero
from jcarsr.networks.network import Network, Prediction, check_input, cleaning_facts
from jcarsr.protocols import NetworkFacts

_LEVELS = (1, 2, 4, 8)  # channels of the U-Net's levels, in those of the first


@dataclass(frozen=True, kw_only=True)
class FBCNNConfig:
    """Sizes of an FBCNN; the defaults are the paper's (section 3.2).

    Raises:
        ValueError: a value from which no network can be built; the message quotes it.
    """

    channels: int = 64
    """Of the first level; twice as many at each of the three below."""
    num_blocks: int = 4
    """Of every level."""
    skip: bool = False
    """Predict what is to be added to the input; not the paper's."""

    def __post_init__(self) -> None:
        for name in ("channels", "num_blocks"):
            if getattr(self, name) <= 0:
                raise ValueError(f"{name} must be positive, got {getattr(self, name)!r}")


class ResBlock(nn.Module):
    """x + conv(ReLU(conv(x))). (N, C, H, W) -> (N, C, H, W)"""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.res = _residual(channels)

    def forward(self, x: Tensor) -> Tensor:
        return x + self.res(x)


class QFAttention(nn.Module):
    """x + gamma * conv(ReLU(conv(x))) + beta (Fig. 3, QF attention block).

    (N, C, H, W), and gamma and beta of (N, C), which follow from the quality -> (N, C, H, W)
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.res = _residual(channels)

    def forward(self, x: Tensor, gamma: Tensor, beta: Tensor) -> Tensor:
        return x + gamma[..., None, None] * self.res(x) + beta[..., None, None]


class FBCNN(Network):
    """A U-Net that predicts the quality and is steered by it (Fig. 2).

    Parameters are named as the authors' are. With their weights the prediction is 1 - QF / 100.

    Deviation: the authors train the prediction with a loss of its own, too (eq. 5). Here it
    learns from the restored picture alone, as a code that need not be the quality.
    """

    architecture = "fbcnn"

    def __init__(self, config: FBCNNConfig) -> None:
        super().__init__(config)
        first, *others = (config.channels * level for level in _LEVELS)
        sizes, deepest, blocks = (first, *others), others[-1], config.num_blocks

        def row(channels: int) -> list[nn.Module]:
            return [ResBlock(channels) for _ in range(blocks)]

        self.m_head = conv3x3(3, first)
        downs = [nn.Sequential(*row(a), nn.Conv2d(a, b, 2, 2)) for a, b in pairwise(sizes)]
        self.m_down1, self.m_down2, self.m_down3 = downs
        self.m_body_encoder = nn.Sequential(*row(deepest))
        self.m_body_decoder = nn.Sequential(*row(deepest))
        self.m_up3, self.m_up2, self.m_up1 = (
            nn.ModuleList(
                [
                    nn.ConvTranspose2d(below, own, 2, 2),
                    *(QFAttention(own) for _ in range(blocks)),
                ]
            )
            for own, below in reversed(list(pairwise(sizes)))
        )
        self.m_tail = conv3x3(first, 3)
        if config.skip:
            start_at_zero(self.m_tail)
        self.qf_pred = nn.Sequential(
            *row(deepest),
            nn.AdaptiveAvgPool2d(1),
            nn.Flatten(),
            *(nn.Linear(deepest, deepest), nn.ReLU()),
            *(nn.Linear(deepest, deepest), nn.ReLU()),
            *(nn.Linear(deepest, 1), nn.Sigmoid()),
        )
        self.qf_embed = nn.Sequential(
            *(nn.Linear(1, deepest), nn.ReLU()),
            *(nn.Linear(deepest, deepest), nn.ReLU()),
            *(nn.Linear(deepest, deepest), nn.ReLU()),
        )
        self.to_gamma_3, self.to_gamma_2, self.to_gamma_1 = (
            nn.Sequential(nn.Linear(deepest, own), nn.Sigmoid()) for own in sizes[2::-1]
        )
        self.to_beta_3, self.to_beta_2, self.to_beta_1 = (
            nn.Sequential(nn.Linear(deepest, own), nn.Tanh()) for own in sizes[2::-1]
        )

    @property
    def facts(self) -> NetworkFacts:
        """At the peak four features of the first level are held, and the skips below it."""
        return cleaning_facts(7 * self.config.channels + 12)

    def forward(self, lq: Tensor) -> Prediction:
        """(N, 3, H, W), RGB in [0, 1] -> the same without artifacts."""
        height, width = check_input(lq).shape[2:]
        skips, x = self._encode(lq)
        quality = self.qf_embed(self.qf_pred(x))
        x = self.m_body_decoder(x)
        steps = (
            (self.m_up3, self.to_gamma_3, self.to_beta_3),
            (self.m_up2, self.to_gamma_2, self.to_beta_2),
            (self.m_up1, self.to_gamma_1, self.to_beta_1),
        )
        for level, to_gamma, to_beta in steps:
            enlarge, *blocks = level
            gamma, beta = to_gamma(quality), to_beta(quality)
            x = enlarge(x + skips.pop())
            for block in blocks:
                x = block(x, gamma, beta)
        out = self.m_tail(x + skips.pop())[..., :height, :width]
        return Prediction(lq + out if self.config.skip else out)

    def _encode(self, lq: Tensor) -> tuple[list[Tensor], Tensor]:
        """The features of the four levels, and the body's."""
        skips = [self.m_head(repeat_to_multiple(lq, 8))]
        for down in (self.m_down1, self.m_down2, self.m_down3):
            skips.append(down(skips[-1]))
        return skips, self.m_body_encoder(skips[-1])


def _residual(channels: int) -> nn.Sequential:
    return nn.Sequential(conv3x3(channels, channels), nn.ReLU(), conv3x3(channels, channels))
