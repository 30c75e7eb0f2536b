"""Figure 9: real pictures at x4, next to Real-ESRGAN. There is no truth, so there are no scores."""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TypeAlias

import numpy as np

from jcarsr.data.sources import SourcePicture, list_pictures
from jcarsr.engines.base import EngineOptions
from jcarsr.errors import DataError, ImageError, WeightsError
from jcarsr.experiments.figures.scene import Scene
from jcarsr.experiments.figures.sheet import Panel, save_sheet
from jcarsr.experiments.figures.squares import Square, most_detailed
from jcarsr.experiments.given import convert_once
from jcarsr.experiments.jobs import GivenWeights
from jcarsr.image import Animation, Picture, apply_orientation, decode
from jcarsr.jpeg.decoded import Decoded
from jcarsr.jpeg.last_save import LastSave
from jcarsr.methods.catalog import Context, find_method
from jcarsr.networks.catalog import MISSING, PRESETS
from jcarsr.pixels import Pixels, to_8_bits
from jcarsr.restoring.choice import choose_for

SCALE = 4
SIDE = 96
"""Of the square that is shown, pixels of a picture; of a result SCALE times as many."""
GIVEN = tuple(name for name, preset in PRESETS.items() if preset.scale == SCALE)
"""Presets whose weights may be given, to be shown as well."""
_MARGIN = 32  # pixels around the square that methods are given, too
_REAL_ESRGAN = "rrdbnet-x4"

_Column: TypeAlias = Callable[[Picture, Decoded], Panel]
"""A method: (the whole picture, what is restored of it) -> the result with what is said of it."""


def draw(scene: Scene, path: Path) -> None:
    """Draw Figure 9, a row for every picture; what cannot be shown is reported.

    Raises:
        DataError: a source of pictures is not there, or none of its pictures can be read.
        WeightsError: weights are damaged.
        ValueError: the device is not there.
    """
    entries = list_pictures(scene.pictures)
    columns = _columns(scene)
    pictures = {entry.name: _read(entry, scene.missing) for entry in entries}
    rows = [
        _row(Path(name).name, picture, columns)
        for name, picture in pictures.items()
        if picture is not None
    ]
    if not rows:
        raise DataError(f"{', '.join(map(str, scene.pictures))}: no picture that can be shown")
    caption = (
        f"Real pictures, x{SCALE}: the square of {SIDE} pixels with the most detail, and what "
        "methods make of it, pixel by pixel. There is no truth, so there are no scores."
    )
    save_sheet(rows, path, caption=caption, side=SCALE * SIDE)


def _columns(scene: Scene) -> list[_Column]:
    """Bicubic, Real-ESRGAN if it is there, what is given, and our own."""
    context = Context(scale=SCALE, options=EngineOptions(device=scene.device, precision="float32"))
    columns = [_column("bicubic", "", "bicubic", context)]
    given = dict(scene.given)
    weights = given.pop(_REAL_ESRGAN, None)
    if weights:
        columns.append(_of_given("Real-ESRGAN", weights, context))
    else:
        try:
            file = convert_once(_REAL_ESRGAN, "realesrgan-x4plus", scene.store.folder / "given")
            columns.append(_column("Real-ESRGAN", "x4plus", str(file), context))
        except WeightsError as error:
            scene.missing(f"Real-ESRGAN: {error}")
    scene.missing(f"DAN: {MISSING['dan']}")
    columns += [_of_given(preset, weights, context) for preset, weights in given.items()]
    return [*columns, _auto(context)]


def _of_given(name: str, weights: GivenWeights, context: Context) -> _Column:
    file = "/".join(weights.path.parts[-2:])
    return _column(name, f"given: {file}", str(weights.path), context)


def _column(name: str, below: str, method: str, context: Context) -> _Column:
    """A method that is the same for every picture."""
    found = find_method(method, context)
    return lambda picture, seen: Panel(name=name, pixels=found.restore(seen), below=below)


def _auto(context: Context) -> _Column:
    """The package's own choice of its weights for each picture."""
    networks = context.networks(None)
    networks.check_device()

    def restore(picture: Picture, seen: Decoded) -> Panel:
        choice = choose_for(picture, SCALE)
        sr = networks.restorer(SCALE, choice.name).reading(seen.last_save).restore(seen.pixels)
        found = choice.earlier or "no earlier JPEG save"
        return Panel(name="JCARSR, auto", pixels=sr, below=f"{choice.name}; found: {found}")

    return restore


def _row(name: str, picture: Picture, columns: Sequence[_Column]) -> list[Panel]:
    pixels = picture.samples
    square = most_detailed(pixels, SIDE)
    top, left = max(0, square.top - _MARGIN), max(0, square.left - _MARGIN)
    bottom, right = square.top + square.side + _MARGIN, square.left + square.side + _MARGIN
    seen = Decoded(pixels=pixels[top:bottom, left:right], last_save=picture.last_save)
    inner = Square(square.top - top, square.left - left, square.side)
    mark = np.zeros_like(pixels)
    square.of(mark)[:] = 1
    tops, lefts = np.nonzero(_upright(mark, picture)[..., 0])
    frame = Square(int(tops.min()), int(lefts.min()), square.side)
    width, height = picture.size
    below = f"{width} x {height} pixels, {_describe(picture.last_save)}"
    panels = [Panel(name=name, pixels=_upright(pixels, picture), below=below, frame=frame)]
    for column in columns:
        panel = column(picture, seen)
        panels.append(replace(panel, pixels=_upright(inner.of(panel.pixels, SCALE), picture)))
    return panels


def _describe(save: LastSave) -> str:
    return f"{save.format} of quality {save.qf} or so" if save.qf is not None else f"{save.format}"


def _upright(pixels: Pixels, picture: Picture) -> Pixels:
    """Pixels that lie as the picture's samples do, turned as it is to be seen."""
    return apply_orientation(replace(picture, samples=pixels, alpha=None)).samples


def _read(entry: SourcePicture, missing: Callable[[str], None]) -> Picture | None:
    """The picture in 8 bits without transparency; None = it is not shown, and reported."""
    try:
        picture = decode(io.BytesIO(entry.read()))
    except (ImageError, OSError) as error:
        missing(f"{entry.name}: {error}")
        return None
    if isinstance(picture, Animation):
        missing(f"{entry.name}: an animation")
        return None
    return replace(picture, samples=to_8_bits(picture.samples), alpha=None)
