"""What training, export and the PyTorch engine ask of every network."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import asdict
from typing import Any, ClassVar, NamedTuple

from torch import Tensor, nn

from jcarsr.protocols import NetworkFacts, Output


class Restored(NamedTuple):
    """What a network predicts in training; pictures are RGB around [0, 1], not clamped."""

    sr: Tensor  # (N, 3, scale * H, scale * W): the restored, enlarged picture
    lr: Tensor | None = None  # (N, 3, H, W): the input without its JPEG artifacts
    gradient: Tensor | None = None  # (N, 3, scale * H, scale * W): Sobel gradient map of hr


class Network(nn.Module, ABC):
    """A network that restores and enlarges; a subclass says what it can do beyond `sr`.

    Args:
        config: the network's own frozen dataclass of sizes, with a field `scale`.
    """

    architecture: ClassVar[str]  # its key in the catalogue
    int8_weights: ClassVar[tuple[str, ...]] = ()  # ends of names of the weights to quantise

    def __init__(self, config: Any) -> None:
        super().__init__()
        self.config = config

    @property
    @abstractmethod
    def facts(self) -> NetworkFacts:
        """What engines must know."""

    @abstractmethod
    def forward(self, lq: Tensor) -> Restored:
        """All outputs, as training needs them. lq: (N, 3, H, W), RGB in [0, 1]."""

    def restore(self, lq: Tensor) -> Tensor:
        """The restored picture alone.

        (N, 3, H, W), RGB in [0, 1] -> (N, 3, scale * H, scale * W), not clamped.
        """
        return self(lq).sr

    def predict(self, lq: Tensor, output: Output) -> Tensor:
        """One output, without what only the others need; one of `facts.outputs`.

        (N, 3, H, W), RGB in [0, 1] -> (N, 3, H', W'), H' = scale * H, or H for lr
        """
        if output != "sr":
            raise ValueError(f"{self.architecture} has no output {output}")
        return self.restore(lq)

    def fuse(self, *, final: bool) -> None:
        """Compute the same with fewer operations, if the network knows how.

        Args:
            final: for weights that are not trained any more; their changes would not be seen.
        """

    def compile_units(self) -> Iterator[nn.Module]:
        """The modules to compile one by one; those of a kind share their code."""
        yield from ()

    def described(self) -> dict[str, Any]:
        """What a weight file's record says of the network: architecture, config and facts."""
        config = asdict(self.config)
        return {"architecture": self.architecture, "config": config, "facts": self.facts}


def check_input(lq: Tensor) -> Tensor:
    """The input itself.

    Raises:
        ValueError: it is not (N, 3, H, W).
    """
    if lq.ndim != 4 or lq.shape[1] != 3:
        raise ValueError(f"lq must be (N, 3, H, W), got {tuple(lq.shape)}")
    return lq
