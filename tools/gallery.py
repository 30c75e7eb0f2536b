"""Pictures saved as the web saves them, restored, each under a slider: a page of the site.

    python tools/gallery.py --out build/docs

The photographs are scikit-image's. Their small versions become real JPEG files, and the command
restores them as it does anybody's.
"""

from __future__ import annotations

import argparse
import io
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import skimage.data
from PIL import Image

from jcarsr.degradation.history import parse_history
from jcarsr.degradation.pipeline import degrade
from jcarsr.pixels import Pixels

SCALE = 2


@dataclass(frozen=True, kw_only=True)
class Piece:
    """A piece of a photograph, what happened to it, and what its restored picture shows."""

    name: str
    """Of scikit-image's data."""
    top: int
    left: int
    size: tuple[int, int]
    """Height and width of the original."""
    history: str
    """Up to the last save."""
    quality: int
    """Of the last save."""
    text: str
    """What to look at."""

    @property
    def word(self) -> str:
        """The whole history in one word."""
        return f"{self.history}>jpeg{self.quality}" if self.history else f"jpeg{self.quality}"

    def jpeg(self) -> bytes:
        """The small picture as its last save left it."""
        found: Pixels = getattr(skimage.data, self.name)()
        rgb = found[..., :3] if found.ndim == 3 else np.repeat(found[..., None], 3, 2)
        height, width = self.size
        piece = rgb[self.top : self.top + height, self.left : self.left + width]
        before = parse_history(self.history or "png")
        file = io.BytesIO()
        Image.fromarray(degrade(piece, SCALE, before).lq).save(file, "JPEG", quality=self.quality)
        return file.getvalue()


PIECES = (
    Piece(
        name="astronaut",
        top=0,
        left=110,
        size=(256, 256),
        history="jpeg20+4,4",
        quality=90,
        text="Saved hard, cropped, saved again: the case that is most common on the web. Blocks and"
        " the rings around edges go; fine hair stays soft.",
    ),
    Piece(
        name="chelsea",
        top=20,
        left=90,
        size=(240, 280),
        history="",
        quality=20,
        text="Saved once, at quality 20. Whiskers come back; the fur's finest texture does not.",
    ),
    Piece(
        name="coffee",
        top=40,
        left=200,
        size=(280, 300),
        history="jpeg30+2,5>jpeg60+6,1",
        quality=85,
        text="Saved three times, each time on another grid.",
    ),
    Piece(
        name="page",
        top=20,
        left=10,
        size=(160, 320),
        history="jpeg40+4,4",
        quality=75,
        text="Print: the noise around letters goes, and no letter becomes another.",
    ),
    Piece(
        name="rocket",
        top=40,
        left=230,
        size=(256, 220),
        history="webp40",
        quality=85,
        text="WebP, then JPEG. In the dark sky faint steps remain.",
    ),
)


def write_gallery(out: Path) -> None:
    """Write `gallery.md` and the pages with sliders that it shows into `out`."""
    folder = out / "gallery"
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as temporary:
        inputs, results = Path(temporary, "small"), Path(temporary, "large")
        inputs.mkdir()
        for piece in PIECES:
            (inputs / f"{piece.name}.jpg").write_bytes(piece.jpeg())
        command = [sys.executable, "-m", "jcarsr", "restore", str(inputs), "-o", str(results)]
        subprocess.run([*command, "--compare", "html"], check=True, stdout=subprocess.DEVNULL)
        for piece in PIECES:
            (page,) = results.glob(f"{piece.name}*.html")
            (folder / f"{piece.name}.html").write_bytes(page.read_bytes())
    (out / "gallery.md").write_text(gallery(), "utf-8")


def gallery() -> str:
    """Return the page, in Markdown."""
    lines = [
        "# Gallery",
        "",
        "Move over a picture: on the left of the line it is enlarged by bicubic interpolation, on"
        " the right restored, twice as large as the file was. These are pages that"
        " `jcarsr restore PICTURE --compare html` writes. The photographs are scikit-image's; no"
        " network was trained on them.",
        "",
    ]
    for piece in PIECES:
        height, width = piece.size
        frame = (
            f'src="gallery/{piece.name}.html" title="{piece.name}, before and after" loading="lazy"'
        )
        shape = f"width: 100%; aspect-ratio: {width} / {round(height + 0.4 * width)}; border: 0"
        lines += [f"## `{piece.word}`", "", piece.text, ""]
        lines += [f'<iframe {frame} style="{shape}"></iframe>', ""]
    return "\n".join(lines)


def main() -> int:
    """Write the gallery into the folder of the command line; gives the exit code."""
    parser = argparse.ArgumentParser(description="Make the gallery of the site.")
    parser.add_argument("--out", type=Path, required=True)
    write_gallery(parser.parse_args().out)
    return 0


if __name__ == "__main__":
    sys.exit(main())
