"""DnCNN-3 (Zhang et al. 2017, "Beyond a Gaussian Denoiser")."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor, nn

from jcarsr.networks.layers import conv3x3, luma, with_luma
from jcarsr.networks.network import Network, Prediction, check_input, cleaning_facts
from jcarsr.protocols import NetworkFacts


@dataclass(frozen=True, kw_only=True)
class DnCNNConfig:
    """Sizes of a DnCNN; the defaults are those of DnCNN-3, which removes JPEG artifacts, too.

    Raises:
        ValueError: a value from which no network can be built; the message quotes it.
    """

    channels: int = 64
    num_layers: int = 20
    """Convolutions."""

    def __post_init__(self) -> None:
        if self.channels <= 0:
            raise ValueError(f"channels must be positive, got {self.channels!r}")
        if self.num_layers < 2:
            raise ValueError(f"num_layers must be at least 2, got {self.num_layers!r}")


class DnCNN(Network):
    """A row of 3x3 convolutions and ReLUs that predicts the error of Y (Fig. 1).

    As in the authors' file for DnCNN-3, batch normalisation is merged into the convolutions.
    Parameters are named as in the authors' PyTorch code. One network for all qualities.

    Cb and Cr of the input are kept. Deviation: in training the loss sees RGB, the paper's Y.
    """

    architecture = "dncnn"

    def __init__(self, config: DnCNNConfig) -> None:
        super().__init__(config)
        c = config.channels
        layers: list[nn.Module] = [conv3x3(1, c), nn.ReLU()]
        for _ in range(config.num_layers - 2):
            layers += [conv3x3(c, c), nn.ReLU()]
        self.model = nn.Sequential(*layers, conv3x3(c, 1))

    @property
    def facts(self) -> NetworkFacts:
        """At the peak the features before and after a layer are held."""
        return cleaning_facts(4 * self.config.channels + 9)

    def forward(self, lq: Tensor) -> Prediction:
        """(N, 3, H, W), RGB in [0, 1] -> the same without artifacts."""
        y = luma(check_input(lq))
        return Prediction(with_luma(lq, y - self.model(y)))
