"""A degradation history: everything that happened to a picture since it was large and clean."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod

import numpy as np
from PIL import Image, features

from jcarsr.degradation.steps import Modern, Resize, Step
from jcarsr.degradation.words import parse_step
from jcarsr.jpeg.last_save import LastSave
from jcarsr.pixels import Pixels


@dataclass(frozen=True)
class History:
    """Typed steps in their order, applied to a high-resolution picture; `str` is its short word.

    Before the first step the picture is shrunk by bicubic filtering: by `scale`, as the paper does
    (section 3.1), or by as much less as the history's own `Resize` steps shrink it. After the last
    one it has the size and place of `low_resolution(hr, scale)`.

    >>> str(parse_history("jpeg20+4,4>jpeg90"))
    'jpeg20+4,4>jpeg90'
    """

    steps: tuple[Step, ...]

    def __post_init__(self) -> None:
        if not self.steps:
            raise ValueError("a history has at least one step; png changes nothing")

    def __str__(self) -> str:
        return ">".join(map(str, self.steps))

    def __call__(self, hr: Pixels, lr: Pixels) -> Pixels:
        """The degraded low-resolution picture.

        Args:
            hr: (scale * H, scale * W, 3) uint8 RGB.
            lr: (H, W, 3) uint8 RGB, `low_resolution(hr, scale)`; taken as the first step's input
                where no step resizes.

        Returns:
            (H, W, 3) uint8 RGB.

        Raises:
            ValueError: the history shrinks by more than `scale`.
        """
        sizes = [lr.shape[:2]]
        for step in reversed(self.steps):
            before = step.size_before(sizes[0]) if isinstance(step, Resize) else sizes[0]
            sizes.insert(0, before)
        pixels = lr if sizes[0] == lr.shape[:2] else self._shrink(hr, sizes[0])
        for step, size in zip(self.steps, sizes[1:], strict=True):
            pixels = step.resize(pixels, size) if isinstance(step, Resize) else step(pixels)
        return pixels

    @property
    def ratio(self) -> float:
        """Size after all steps / size before the first."""
        return prod(step.ratio for step in self.steps if isinstance(step, Resize))

    def suits(self, scale: int) -> bool:
        """Whether a picture of that many times the result's size is large enough to begin with."""
        return self.ratio * scale >= 1

    @property
    def last_save(self) -> LastSave:
        """What a file with such a history says of its last save."""
        return self.steps[-1].last_save

    def codec_version(self) -> str:
        """Name and versions of the codecs: encoders are not interchangeable to the last bit."""
        libraries = {"libjpeg-turbo": features.version_feature("libjpeg_turbo")}
        for step in self.steps:
            if isinstance(step, Modern):
                libraries[step.format] = features.version(step.format)
        return ", ".join(
            f"{name} {version}"
            for name, version in {"Pillow": features.version("pil"), **libraries}.items()
        )

    def _shrink(self, hr: Pixels, size: tuple[int, int]) -> Pixels:
        if size == hr.shape[:2]:
            return hr
        if size[0] > hr.shape[0] or size[1] > hr.shape[1]:
            raise ValueError(f"{self} begins larger than the picture at hand")
        return np.array(Image.fromarray(hr).resize((size[1], size[0]), Image.Resampling.BICUBIC))


def parse_history(word: str) -> History:
    """The history that prints as `word`.

    Raises:
        ValueError: a step is unknown or has a value out of range; the message quotes it.
    """
    return History(tuple(parse_step(part) for part in word.split(">")))
