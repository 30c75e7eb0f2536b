"""The protocol that makes two scores comparable, stored with every score."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Literal, NamedTuple

import numpy as np
import numpy.typing as npt

from jcarsr.metrics.functional import psnr, ssim
from jcarsr.pixels import Pixels, luma


class Score(NamedTuple):
    """One picture's scores."""

    psnr: float
    """dB."""
    ssim: float


@dataclass(frozen=True, kw_only=True)
class EvalProtocol:
    """How a picture is compared with the truth. Both are 8-bit: results are rounded before.

    The defaults and `border = scale` are the paper's as far as it says (PSNR and SSIM on Y); the
    border is inferred from peers' scores that agree with the paper's.
    """

    channel: Literal["y", "rgb"] = "y"
    """What is compared; y: BT.601 luma, 16 to 235. The peak is 255 for both."""
    border: int
    """Pixels shaved from each side."""

    def as_dict(self) -> dict[str, Any]:
        """For a stored row."""
        return asdict(self)

    def score(self, sr: Pixels, hr: Pixels) -> Score:
        """PSNR and SSIM of a restored picture.

        Args:
            sr: (H, W, 3) uint8 RGB.
            hr: the original, of the same size.

        Raises:
            ValueError: the sizes differ, or less than 11x11 pixels are within the border.
        """
        x, y = self._compared(sr, hr)
        return Score(psnr(x, y), ssim(x, y))

    def psnr(self, sr: Pixels, hr: Pixels) -> float:
        """PSNR alone, in dB, of pictures of any size with pixels within the border.

        Args:
            sr: (H, W, 3) uint8 RGB.
            hr: the original, of the same size.

        Raises:
            ValueError: the sizes differ.
        """
        return psnr(*self._compared(sr, hr))

    def _compared(self, sr: Pixels, hr: Pixels) -> tuple[npt.NDArray[Any], npt.NDArray[Any]]:
        """What the metrics see of both."""
        if sr.shape != hr.shape:
            raise ValueError(f"sr and hr must have the same size, got {sr.shape} and {hr.shape}")
        height, width = hr.shape[:2]
        kept = np.s_[self.border : height - self.border, self.border : width - self.border]
        x, y = (luma(pixels[kept]) if self.channel == "y" else pixels[kept] for pixels in (sr, hr))
        return x, y
