"""What networks of one output share: checked sizes, mean colour and global skip connection."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass

from torch import Tensor, nn
from torch.nn.functional import interpolate

from jcarsr.networks.layers import start_near_zero
from jcarsr.networks.network import Network, Prediction, check_input
from jcarsr.networks.sizes import check_scale, check_types, whole_numbers
from jcarsr.protocols import NetworkFacts, NetworkScale


@dataclass(frozen=True, kw_only=True)
class EnlargerConfig:
    """Sizes of a network of one output: every field of type int is a positive number of its own.

    Raises:
        ValueError: a value from which no network can be built; the message quotes it.
    """

    scale: NetworkScale
    skip: bool = False
    """Add the bilinearly enlarged input, as JCARSR does; not the papers'."""

    def __post_init__(self) -> None:
        check_types(self)
        check_scale(self.scale)
        for name, value in whole_numbers(self).items():
            if value <= 0:
                raise ValueError(f"{name} must be positive, got {value!r}")


class EnlargerNetwork(Network):
    """A network of one output; a subclass makes its layers, the two shifts and `enlarge`.

    Its paper draws it as add_mean(enlarge(sub_mean(lq))). With `skip` it is
    enlarge(sub_mean(lq)) + lq enlarged bilinearly.
    """

    sub_mean: nn.Module
    add_mean: nn.Module

    def __init__(self, config: EnlargerConfig) -> None:
        super().__init__(config)
        self.scale: int = config.scale

    @abstractmethod
    def enlarge(self, x: Tensor) -> Tensor:
        """(N, 3, H, W), RGB less the mean -> (N, 3, scale * H, scale * W)."""

    @property
    @abstractmethod
    def floats_per_pixel(self) -> int:
        """How many float32 values are held at the peak for a pixel of lq, an upper estimate."""

    @property
    def facts(self) -> NetworkFacts:
        """What engines must know."""
        held = {"sr": self.floats_per_pixel}
        return NetworkFacts(scale=self.scale, outputs=("sr",), floats_per_pixel=held)

    def start_from_bilinear(self, last: nn.Conv2d) -> None:
        """With `skip`, make the last convolution small: training starts from the enlarged input."""
        if self.config.skip:
            start_near_zero(last)

    def forward(self, lq: Tensor) -> Prediction:
        """(N, 3, H, W), RGB in [0, 1] -> sr (N, 3, scale * H, scale * W)."""
        y = self.enlarge(self.sub_mean(check_input(lq)))
        if self.config.skip:
            return Prediction(y + interpolate(lq, scale_factor=self.scale, mode="bilinear"))
        return Prediction(self.add_mean(y))
