"""How the terms of a training loss are weighed. Imports no PyTorch: recipes are listed without."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import Literal, TypeAlias

from jcarsr.protocols import Output

PixelError: TypeAlias = Literal["absolute", "squared", "log_rms"]
"""What stands for eq. 17; absolute is the paper's."""

TEXTURE_SIDE = 20
"""Pixels along the smallest picture that has a texture term: four windows of 8, 4 apart."""

_PAPER = {"gradient": 0.1, "jcar": 0.5}  # eq. 20
_NEEDS: dict[str, Output] = {"gradient": "gradient", "jcar": "lr", "sr_gradient": "sr"}
"""Weight -> the output that its term is of."""


@dataclass(frozen=True, kw_only=True)
class LossWeights:
    """Total = pixel * eq. 17 + gradient * eq. 18 + jcar * eq. 19 (eq. 20).

    `sr_gradient` weighs eq. 18 of the restored picture's own Sobel map, which the paper's Table 8
    takes in place of the gradient branch, or with it.

    Raises:
        ValueError: a weight is negative.
    """

    pixel: float = 1.0
    gradient: float | None = None
    """None = the paper's 0.1 where the network has a gradient branch."""
    jcar: float | None = None
    """None = the paper's 0.5 where it has an artifact removal branch."""
    harm: float = 0.0
    """Not the paper's."""
    sr_gradient: float = 0.0
    """0.1 in Table 8."""
    texture: float = 0.0
    """Not the paper's."""

    def __post_init__(self) -> None:
        for term, weight in vars(self).items():
            if weight is not None and weight < 0:
                raise ValueError(f"{term} must be at least 0, got {weight!r}")

    def of(self, term: str) -> float:
        """Weight of a term that there is.

        >>> LossWeights().of("jcar"), LossWeights(jcar=2).of("jcar")
        (0.5, 2)
        """
        weight = getattr(self, term)
        return _PAPER[term] if weight is None else weight

    def for_outputs(self, outputs: Collection[Output]) -> LossWeights:
        """The same with a number for every weight, 0 for what a network without the output learns.

        A network of scale 1, whose only output is lr, is held against lr by eq. 17 alone.

        Args:
            outputs: what the network predicts.

        Raises:
            ValueError: a weight is given for an output that is not there, or all are 0.

        >>> LossWeights().for_outputs(["sr", "lr"])
        LossWeights(pixel=1.0, gradient=0.0, jcar=0.5, harm=0.0, sr_gradient=0.0, texture=0.0)
        """
        there = () if tuple(outputs) == ("lr",) else outputs
        for term, output in _NEEDS.items():
            if getattr(self, term) and output not in there:
                raise ValueError(
                    f"loss weight {term} = {getattr(self, term):g}: the network has no output "
                    f"{output}, only {', '.join(outputs)}"
                )
        found = {term: self.of(term) if _NEEDS[term] in there else 0.0 for term in _PAPER}
        weights = replace(self, **found)
        if not any(vars(weights).values()):
            raise ValueError("every loss weight is 0: nothing can be learnt")
        return weights
