"""Score waifu2x as `jcarsr evaluate` scores ours: rows for the same tables.

    python benchmarks/quality.py --data data/Set14 --history web --json results/web-x2.jsonl

Every degraded picture is handed over as a PNG, so that both see the same pixels.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path

from PIL import Image
from subjects import png
from waifu2x import PACKAGES, Waifu2x, pixels

from jcarsr.degradation.web_set import parse_histories
from jcarsr.evaluation.rows import write_rows
from jcarsr.evaluation.run import evaluate
from jcarsr.methods.method import Method
from jcarsr.pixels import Pixels

MODELS = ("CUNET", "PHOTO")


@dataclass(frozen=True)
class Rival:
    """One of waifu2x's models with noise level 2, enlarging by 2."""

    waifu2x: Waifu2x
    model: str
    scale: int = 2

    def restore(self, lq: Pixels) -> Pixels:
        """(H, W, 3) uint8 RGB -> (2 * H, 2 * W, 3) uint8 RGB."""
        return pixels(self.waifu2x.restore(png(Image.fromarray(lq)), self.model))


def main() -> None:
    """Append a row for each model, set and history."""
    parser = argparse.ArgumentParser(description="Score waifu2x as `jcarsr evaluate` does.")
    parser.add_argument("--data", type=Path, action="append", required=True)
    parser.add_argument("--history", action="append", required=True, help="web, or a history")
    parser.add_argument("--json", type=Path, required=True, help="file to append to")
    parser.add_argument("--threads", type=int, default=2)
    arguments = parser.parse_args()
    with Waifu2x(arguments.threads) as waifu2x:
        rivals = [
            Method.of_pixels(f"waifu2x {model.lower()}", Rival(waifu2x, model), library="pillow")
            for model in MODELS
        ]
        for folder in arguments.data:
            for row in evaluate(
                rivals, folder, scale=2, histories=parse_histories(arguments.history, 2)
            ):
                write_rows([row], arguments.json)
                print(row.set, row.history, row.restorer, row.psnr, row.ssim, flush=True)
    print(f"waifu2x: {', '.join(PACKAGES)}")


if __name__ == "__main__":
    main()
