"""What is asked of every picture."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field

from jcarsr.image import ReadOptions, SaveOptions
from jcarsr.restoring.outputs import Kind
from jcarsr.restoring.restorer import DEFAULT_TILE
from jcarsr.restoring.target import Target

_TILE_0_1 = 512  # the default of version 0.1, whose results count as made with today's
_CHOICE = 1  # to be raised when the same pictures may get other weights


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Everything but the input and the weights that decides a result.

    Engine and precision do not count: results agree within a level or so, and a folder that was
    begun on one computer is finished on another.

    Raises:
        ValueError: a share is not from 0 to 1.
    """

    target: Target
    read: ReadOptions = field(default_factory=ReadOptions)
    save: SaveOptions = field(default_factory=SaveOptions)
    """Of the picture; maps are plain."""
    tile: int | None = DEFAULT_TILE
    outputs: tuple[Kind, ...] = ("picture",)
    """At least one; the first gets the result's name."""
    ensemble: bool = False
    """Results are means of eight."""
    strength: float = 1.0
    """Share of the restored picture in the mix with the plainly enlarged input, 0 to 1."""
    crisp: float = 0.0
    """Share of the crisp picture in the mix with the faithful one, 0 to 1."""
    mark: bool = False
    """Results' metadata say that they were enhanced."""

    def __post_init__(self) -> None:
        for name, share in (("strength", self.strength), ("crisp", self.crisp)):
            if not 0 <= share <= 1:
                raise ValueError(f"{name} must be from 0 to 1, got {share:g}")

    def as_text(
        self, scales: Sequence[int], *, chooses: bool = False, crisp: Sequence[str] = ()
    ) -> str:
        """Return JSON that is equal for equal results; ledgers keep it.

        An option that came later stands in it only where it is used, so that older texts stay
        valid.

        Args:
            scales: those of the networks, from which one is chosen for a size in pixels.
            chooses: the weights are chosen for each picture.
            crisp: hashes of the weights for crisp pictures, where these have a share.
        """
        target = {name: value for name, value in vars(self.target).items() if value is not None}
        said = {
            **target,
            **({} if self.target.scale else {"scales": list(scales)}),
            "salvage": self.read.salvage,
            "first_frame": self.read.first_frame,
            **vars(self.save),
            "tile": _TILE_0_1 if self.tile == DEFAULT_TILE else self.tile,
            "gradient": "gradient" in self.outputs,
            **({"ensemble": True} if self.ensemble else {}),
            **({"strength": self.strength} if self.strength != 1 else {}),
            **({"crisp": self.crisp, "crisp_weights": list(crisp)} if self.crisp else {}),
            **({"mark": True} if self.mark else {}),
            **{kind: True for kind in self.outputs if kind not in ("picture", "gradient")},
            **({"choice": _CHOICE} if chooses else {}),
        }
        return json.dumps(said, sort_keys=True)
