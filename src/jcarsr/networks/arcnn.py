"""ARCNN (Dong et al. 2015, "Compression Artifacts Reduction by a Deep Convolutional Network")."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor, nn
from torch.nn.functional import relu

from jcarsr.networks.layers import luma, with_luma
from jcarsr.networks.network import Network, Prediction, check_input, cleaning_facts
from jcarsr.protocols import NetworkFacts


@dataclass(frozen=True, kw_only=True)
class ARCNNConfig:
    """Sizes of an ARCNN; the defaults are the paper's (section 4.1): kernels of 9, 7, 1 and 5.

    Raises:
        ValueError: a value from which no network can be built; the message quotes it.
    """

    features: int = 64
    """Of the first layer."""
    enhanced: int = 32
    """Of the second."""
    mapped: int = 16
    """Of the third."""

    def __post_init__(self) -> None:
        for name in ("features", "enhanced", "mapped"):
            if getattr(self, name) <= 0:
                raise ValueError(f"{name} must be positive, got {getattr(self, name)!r}")


class ARCNN(Network):
    """Four convolutions on Y: extract features, enhance them, map them, reconstruct (Fig. 3).

    Layers are named as in the authors' files, borders are repeated as in their code. The paper
    trains one network for each quality.

    Cb and Cr of the input are kept. Deviation: in training the loss sees RGB, the paper's Y.
    """

    architecture = "arcnn"

    def __init__(self, config: ARCNNConfig) -> None:
        super().__init__(config)
        sizes = (1, config.features, config.enhanced, config.mapped, 1)
        self.conv1 = _conv(*sizes[0:2], 9)
        self.conv2 = _conv(*sizes[1:3], 7)
        self.conv22 = _conv(*sizes[2:4], 1)
        self.conv3 = _conv(*sizes[3:5], 5)

    @property
    def facts(self) -> NetworkFacts:
        """At the peak the first layer's features are held, padded and not, and what it reads."""
        return cleaning_facts(3 * self.config.features + self.config.enhanced + 9)

    def forward(self, lq: Tensor) -> Prediction:
        """(N, 3, H, W), RGB in [0, 1] -> the same without artifacts."""
        x = luma(check_input(lq))
        for conv in (self.conv1, self.conv2, self.conv22):
            x = relu(conv(x))
        return Prediction(with_luma(lq, self.conv3(x)))


def _conv(in_channels: int, out_channels: int, side: int) -> nn.Conv2d:
    return nn.Conv2d(in_channels, out_channels, side, padding=side // 2, padding_mode="replicate")
