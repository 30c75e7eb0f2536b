"""What training, export and the PyTorch engine ask of every network."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import asdict
from typing import Any, ClassVar, NamedTuple

from torch import Tensor, nn

from jcarsr.protocols import NetworkFacts, Output, Reading


class Prediction(NamedTuple):
    """What a network predicts in training; pictures are RGB around [0, 1], not clamped."""

    sr: Tensor
    """(N, 3, scale * H, scale * W): the restored picture; at scale 1, output lr."""
    lr: Tensor | None = None
    """(N, 3, H, W): the input without its JPEG artifacts."""
    gradient: Tensor | None = None
    """(N, 3, scale * H, scale * W): Sobel gradient map of hr."""


class Network(nn.Module, ABC):
    """A network that restores and enlarges; a subclass says what it can do beyond that.

    Args:
        config: the network's own frozen dataclass of sizes; of a network that enlarges, with a
            field `scale`.
    """

    architecture: ClassVar[str]
    """Its key in the catalogue."""
    int8_weights: ClassVar[tuple[str, ...]] = ()
    """Ends of names of the weights to quantise."""
    capturable: ClassVar[bool] = False
    """Whether its training can be one CUDA graph, where nothing comes from the CPU; if tried."""

    def __init__(self, config: Any) -> None:
        super().__init__()
        self.config = config

    @property
    @abstractmethod
    def facts(self) -> NetworkFacts:
        """What engines must know."""

    @abstractmethod
    def forward(self, lq: Tensor) -> Prediction:
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
        if output != self.facts.outputs[0]:
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

    def describe(self) -> dict[str, Any]:
        """What a weight file's record says of the network: architecture, config and facts."""
        config = asdict(self.config)
        return {"architecture": self.architecture, "config": config, "facts": self.facts}


class TableReader(Network):
    """A network that reads the quantisation tables of its input's last save, too.

    Tables are (N, 2, 8, 8), the steps for luma and chroma, float32 from 1 on.
    """

    @abstractmethod
    def forward(self, lq: Tensor, tables: Tensor | None = None) -> Prediction:
        """All outputs, as training needs them. lq: (N, 3, H, W), RGB in [0, 1]."""

    def restore(self, lq: Tensor, tables: Tensor | None = None) -> Tensor:
        """As `Network.restore`."""
        return self(lq, tables).sr

    def predict(self, lq: Tensor, output: Output, tables: Tensor | None = None) -> Tensor:
        """As `Network.predict`."""
        if output != self.facts.outputs[0]:
            raise ValueError(f"{self.architecture} has no output {output}")
        return self.restore(lq, tables)


def cleaning_facts(floats_per_pixel: int, *, reads: tuple[Reading, ...] = ()) -> NetworkFacts:
    """The facts of a network that removes artifacts and keeps the size.

    Args:
        floats_per_pixel: float32 values held at the peak for an input pixel.
        reads: what it needs besides the pixels.
    """
    return NetworkFacts(
        scale=1, outputs=("lr",), reads=reads, floats_per_pixel={"lr": floats_per_pixel}
    )


def check_tables(lq: Tensor, tables: Tensor | None) -> Tensor:
    """The tables themselves.

    Raises:
        ValueError: there are none, or they are not (N, 2, 8, 8) for the N pictures of `lq`.
    """
    expected = (len(lq), 2, 8, 8)
    if tables is None or tables.shape != expected:
        got = "none" if tables is None else tuple(tables.shape)
        raise ValueError(f"tables must be {expected}, got {got}")
    return tables


def check_input(lq: Tensor) -> Tensor:
    """The input itself.

    Raises:
        ValueError: it is not (N, 3, H, W).
    """
    if lq.ndim != 4 or lq.shape[1] != 3:
        raise ValueError(f"lq must be (N, 3, H, W), got {tuple(lq.shape)}")
    return lq
