"""Degrade sample photographs, restore them, measure, and draw before/after sheets: `make demo`."""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import skimage.data
from PIL import Image, ImageDraw, ImageFont

import jcarsr
from jcarsr.degradation.history import parse_history
from jcarsr.degradation.pipeline import degrade
from jcarsr.methods.bicubic import Bicubic
from jcarsr.pixels import Pixels, crop_to_multiple

GAP, HEADER, ZOOM, DETAIL = 8, 28, 3, 96  # pixels, times, pixels


@dataclass(frozen=True)
class Sample:
    """A photograph of scikit-image, how it is degraded, and the corner of an interesting detail."""

    name: str
    scale: int
    qf: int
    detail: tuple[int, int]
    """Top, left."""

    def photograph(self) -> Pixels:
        """The original, cut to a multiple of the scale."""
        return crop_to_multiple(getattr(skimage.data, self.name)(), self.scale)


SAMPLES = (
    Sample("astronaut", scale=2, qf=10, detail=(80, 180)),
    Sample("chelsea", scale=2, qf=30, detail=(100, 120)),
    Sample("coffee", scale=4, qf=40, detail=(150, 330)),
)


def main() -> None:
    """Print a table and write one sheet per picture."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("demo"), help="folder for the sheets")
    parser.add_argument("--readme", type=Path, help="save the first sheet here, too, as WebP")
    arguments = parser.parse_args()
    out: Path = arguments.out
    out.mkdir(parents=True, exist_ok=True)

    sheets: list[Path] = []
    print(f"{'PSNR in dB / SSIM on Y':26} {'bicubic':>16} {'restored':>16}")
    for sample in SAMPLES:
        hr = sample.photograph()
        lq = degrade(hr, sample.scale, parse_history(f"jpeg{sample.qf}")).lq
        bicubic = Bicubic(sample.scale).restore(lq)
        restored = np.asarray(jcarsr.restore(lq, scale=sample.scale))
        protocol = jcarsr.EvalProtocol(border=sample.scale)
        scores = [protocol.score(sr, hr) for sr in (bicubic, restored)]
        cells = " ".join(f"{f'{s.psnr:.2f} / {s.ssim:.4f}':>16}" for s in scores)
        label = f"{sample.name} x{sample.scale} QF {sample.qf}"
        print(f"{label:26} {cells}")
        path = out / f"{sample.name}_x{sample.scale}_qf{sample.qf}.png"
        sheet(sample, {"JPEG, bicubic": bicubic, "restored": restored, "original": hr}).save(path)
        sheets.append(path)
    if arguments.readme:
        with Image.open(sheets[0]) as first:
            first.save(arguments.readme, "WEBP", quality=85)
    print("before | restored | original:", *map(str, sheets), sep="\n  ")


def sheet(sample: Sample, pictures: dict[str, Pixels]) -> Image.Image:
    """Pictures side by side, each with an enlarged detail below."""
    top, left = sample.detail
    height, width = next(iter(pictures.values())).shape[:2]
    column = max(width, DETAIL * ZOOM)
    size = (len(pictures) * (column + GAP) - GAP, HEADER + height + GAP + DETAIL * ZOOM)
    canvas = Image.new("RGB", size, "white")
    draw = ImageDraw.Draw(canvas)
    for index, (label, pixels) in enumerate(pictures.items()):
        x = index * (column + GAP)
        draw.text((x + 4, 4), label, "black", ImageFont.load_default(18))
        image = Image.fromarray(pixels)
        canvas.paste(image, (x, HEADER))
        detail = image.crop((left, top, left + DETAIL, top + DETAIL))
        enlarged = detail.resize((DETAIL * ZOOM, DETAIL * ZOOM), Image.Resampling.NEAREST)
        canvas.paste(enlarged, (x, HEADER + height + GAP))
    return canvas


if __name__ == "__main__":
    main()
