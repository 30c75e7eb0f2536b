"""Named recipes: everything that decides what a training run learns, typed and in Python."""

from __future__ import annotations

import difflib
import math
from dataclasses import dataclass, field, replace
from typing import Literal

from jcarsr.degradation.draw import Distribution, Once, Paired, Web
from jcarsr.jpeg.grid import BLOCK
from jcarsr.loss_weights import TEXTURE_SIDE, LossWeights, PixelError
from jcarsr.networks.catalog import MISSING, PRESETS, preset_facts
from jcarsr.protocols import SCALES, SCALES_TEXT
from jcarsr.training.schedule import Cosine, Halving, Schedule

ANY_QUALITY = Once(qfs=(5, 7, 10, 13, 16, 20, 25, 30, 40, 50, 60, 70, 80, 90, 95), share_444=0.2)
WEB = Web(once=replace(ANY_QUALITY, qfs=(7, 11, 18, 35, 60, 80, 93)), repeated=15)


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """One way to train.

    Raises:
        ValueError: a value with which nothing can be trained; the message quotes it.
    """

    preset: str
    """The network, a key of PRESETS."""
    histories: Distribution | Paired
    """Of the training pictures' degradation, drawn evenly."""
    optimizer: Literal["adam", "adamw", "muon"]
    """muon: AdamW where it does not apply."""
    learning_rate: float
    betas: tuple[float, float]
    """Of Adam and AdamW."""
    schedule: Schedule
    max_steps: int
    batch_size: int
    """Crops a step, over all devices."""
    patch_size: int
    """Of a low-resolution crop, pixels."""
    shrink: int | None = None
    """Pictures by this, for networks of scale 1; None = the scale."""
    candidates: int = 1
    """Crops drawn for each one used; the one with the most detail stays."""
    pixel_error: PixelError = "absolute"
    """absolute: eq. 17."""
    loss_weights: LossWeights = field(default_factory=LossWeights)
    ema_decay: float = 0.999
    """Of the averaged weights that are evaluated and kept, once it has risen to that."""
    clip_norm: float | None = None
    """Largest gradient norm; None = not clipped."""
    seed: int = 0

    def __post_init__(self) -> None:
        if self.preset not in PRESETS:
            near = difflib.get_close_matches(self.preset, list(PRESETS), 1)
            hint = f"not known, {near[0]} is" if near else "not known: `jcarsr presets` lists them"
            raise ValueError(f"preset = {self.preset!r}: {MISSING.get(self.preset, hint)}")
        for name in ("learning_rate", "max_steps", "batch_size", "patch_size", "candidates"):
            if getattr(self, name) <= 0:
                raise ValueError(f"{name} must be positive, got {getattr(self, name)!r}")
        if not math.isfinite(self.learning_rate):
            raise ValueError(f"learning_rate must be finite, got {self.learning_rate!r}")
        if self.shrink is not None and self.shrink not in SCALES:
            raise ValueError(f"shrink must be {SCALES_TEXT}, got {self.shrink!r}")
        if self.shrink is not None and self.network_scale not in (1, self.shrink):
            raise ValueError(f"shrink {self.shrink} is not the scale of {self.preset}")
        if not 0 <= self.ema_decay < 1:
            raise ValueError(f"ema_decay must be in [0, 1), got {self.ema_decay!r}")
        if not all(0 <= beta < 1 for beta in self.betas):
            raise ValueError(f"betas must be in [0, 1), got {self.betas!r}")
        if self.clip_norm is not None and self.clip_norm <= 0:
            raise ValueError(f"clip_norm must be positive, got {self.clip_norm!r}")

        side = self.patch_size * self.network_scale
        if self.loss_weights.texture and side < TEXTURE_SIDE:
            raise ValueError(
                f"texture needs results of {TEXTURE_SIDE}x{TEXTURE_SIDE} pixels, "
                f"patch_size makes {side}x{side}"
            )

    @property
    def network_scale(self) -> int:
        """Output size of the network over its input size."""
        return PRESETS[self.preset].scale

    @property
    def picture_scale(self) -> int:
        """How many times smaller than hr the network's input is."""
        return self.shrink or self.network_scale


# What pays most a minute: Muon, and a large rate that LayerNorm allows, decayed over the budget.
_SHORT = Recipe(
    preset="jcarsr-lite-x2",
    histories=ANY_QUALITY,
    optimizer="muon",
    learning_rate=1e-3,
    betas=(0.9, 0.95),
    schedule=Cosine(warmup_steps=100),
    max_steps=5_000,
    batch_size=8,
    patch_size=48,
    candidates=2,
    clip_norm=1.0,
)

RECIPES: dict[str, Recipe] = {
    # The paper's section 3.2. Steps, batch and patch are not in the paper: EDSR's are taken.
    "paper": Recipe(
        preset="jcarsr-x2",
        histories=Once(qfs=(10, 20, 30, 40, 80), share_444=0.0),
        optimizer="adam",
        learning_rate=1e-4,
        betas=(0.9, 0.999),
        schedule=Halving(every=200_000),
        max_steps=1_000_000,
        batch_size=16,
        patch_size=48,
    ),
    "short": _SHORT,
    # Of the paper's experiments at a small size: one optimiser and rate for networks of any kind.
    "compare": replace(
        _SHORT,
        histories=Once(qfs=(10,), share_444=0.0),
        optimizer="adamw",
        learning_rate=5e-4,
        max_steps=3_000,
    ),
    # After `short`, with --init. Not the paper's loss: PSNR itself, which weighs clean crops most.
    "finish": replace(
        _SHORT,
        learning_rate=4e-4,
        schedule=Cosine(warmup_steps=50),
        max_steps=1_500,
        pixel_error="log_rms",
        loss_weights=LossWeights(pixel=0.03),  # as steep as eq. 17 at an error of 8 grey levels
        ema_decay=0.995,
    ),
    # After `finish`, with --init. Squared error weighs textures most, where `finish` overdoes it,
    # and those most that come out worse than plain enlargement leaves them.
    "settle": replace(
        _SHORT,
        learning_rate=2e-4,
        schedule=Cosine(warmup_steps=50),
        max_steps=1_000,
        pixel_error="squared",
        loss_weights=LossWeights(
            pixel=16.0,  # as steep as eq. 17 at an error of 8 grey levels
            harm=32.0,
        ),
        ema_decay=0.995,
    ),
    # From web weights, with --init, on pairs whose originals are a sharp teacher's pictures
    # (`tools/teacher_pairs.py`). The teacher is a function of the input, so that an absolute error
    # stays sharp where it can be followed; elsewhere the strength of its texture is.
    "crisp": replace(
        _SHORT,
        preset="jcarsr-lite-x4",
        histories=Paired(),
        learning_rate=5e-4,
        schedule=Cosine(warmup_steps=30),
        max_steps=400,  # more follow the teacher's lines better and lose texture
        batch_size=4,
        candidates=1,
        loss_weights=LossWeights(texture=3.0),
        ema_decay=0.99,
    ),
}
"""Recipe name -> recipe; `jcarsr train NAME` starts from it, its options change single fields."""


def fit_to_network(recipe: Recipe) -> Recipe:
    """The recipe with a number for every loss weight, if its network can be trained by it.

    Raises:
        ValueError: a loss weight for an output that the network does not have, none that is not 0,
            or crops that leave the JPEG grid for a network that reads tables.
    """
    facts = preset_facts(recipe.preset)
    if "tables" in facts.reads and recipe.patch_size % BLOCK:
        raise ValueError(
            f"patch_size {recipe.patch_size} is no multiple of {BLOCK}: {recipe.preset} reads "
            "JPEG tables, so that its crops lie on the JPEG grid, also when they are flipped"
        )
    return replace(recipe, loss_weights=recipe.loss_weights.for_outputs(facts.outputs))


def change_histories(
    given: Distribution | Paired,
    *,
    kind: str | None = None,
    qfs: tuple[int, ...] | None = None,
    share_444: float | None = None,
    pairs: bool = False,
) -> Distribution | Paired:
    """`given`, or the distribution of that kind, with other qualities of what is saved once.

    With `pairs` it is `Paired`, to which none of the others applies.

    Raises:
        ValueError: no such kind, or a value is out of range.
    """
    if pairs:
        for option, value in {"--history": kind, "--qf": qfs, "--share-444": share_444}.items():
            if value is not None:
                raise ValueError(f"{option} does not go with --pairs, which are degraded already")
        return Paired()
    if kind is None and isinstance(given, Paired):
        raise ValueError("the recipe's histories are paired: give --pairs")
    if kind is not None and kind not in ("once", "web"):
        raise ValueError(f"--history {kind}: not one of once, web")
    if kind is not None:
        given = {"once": ANY_QUALITY, "web": WEB}[kind]
    once = given.once if isinstance(given, Web) else given
    if not isinstance(once, Once):
        for option, value in {"--qf": qfs, "--share-444": share_444}.items():
            if value is not None:
                raise ValueError(f"{option}: the recipe's pictures are not saved once")
        assert not isinstance(given, Paired)
        return given
    once = Once(
        qfs=once.qfs if qfs is None else qfs,
        share_444=once.share_444 if share_444 is None else share_444,
    )
    return replace(given, once=once) if isinstance(given, Web) else once
