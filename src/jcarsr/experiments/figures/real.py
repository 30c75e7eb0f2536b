"""Figure 9: real pictures at x4, next to Real-ESRGAN. There is no truth, so there are no scores."""

from __future__ import annotations

from pathlib import Path

from jcarsr.data.sources import SourcePicture, list_pictures
from jcarsr.errors import DataError, WeightsError
from jcarsr.experiments.figures.scene import Scene
from jcarsr.experiments.figures.sheet import save_sheet
from jcarsr.experiments.given import convert_once
from jcarsr.jpeg.decoded import Decoded
from jcarsr.methods.catalog import MISSING, Context, find_method
from jcarsr.methods.method import Method
from jcarsr.pixels import Pixels
from jcarsr.weights import default_name

_SCALE = 4
_LARGEST = 400  # pixels of a picture's longer side; of larger ones the centre is shown


def draw(scene: Scene, path: Path) -> None:
    """Draw Figure 9.

    Raises:
        DataError: no pictures are given, or one cannot be read.
    """
    if not scene.pictures:
        raise DataError("Figure 9 needs real pictures: --pictures FOLDER")
    context = Context(scale=_SCALE, options=scene.options)
    own = default_name(_SCALE)
    methods = {"bicubic": find_method("bicubic", context)}
    if found := _real_esrgan(scene, context):
        methods["Real-ESRGAN"] = found
    scene.missing(f"DAN: {MISSING['dan']}")
    methods[own] = find_method(own, context)
    panels: list[tuple[str, Pixels]] = []
    for entry in list_pictures(scene.pictures):
        decoded = Decoded(pixels=_centre(entry))
        name = Path(entry.name).stem
        for label, method in methods.items():
            panels.append((f"{name}: {label}", method.restore(decoded)))
    save_sheet(panels, path, columns=len(methods), side=320)


def _real_esrgan(scene: Scene, context: Context) -> Method | None:
    """Real-ESRGAN x4plus: given, or from the extra; None = neither."""
    if weights := scene.given.get("rrdbnet-x4"):
        return find_method(str(weights.path), context)
    try:
        path = convert_once("rrdbnet-x4", "realesrgan-x4plus", scene.store.folder / "given")
    except WeightsError as error:
        scene.missing(f"Real-ESRGAN: {error}")
        return None
    return find_method(str(path), context)


def _centre(entry: SourcePicture) -> Pixels:
    pixels = entry.pixels()
    height, width = pixels.shape[:2]
    top, left = max(0, height - _LARGEST) // 2, max(0, width - _LARGEST) // 2
    return pixels[top : top + _LARGEST, left : left + _LARGEST]
