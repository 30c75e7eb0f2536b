"""Short words of degradation steps, such as `jpeg75/444+4,4`, made into steps."""

from __future__ import annotations

import re
from typing import Any, get_args

from jcarsr.degradation.steps import (
    Encoder,
    Filter,
    Jpeg,
    Modern,
    Photoshop,
    PhotoshopPreset,
    Png,
    Resize,
    Sharpen,
    Step,
)

_WORD = re.compile(
    r"(?P<kind>jpeg|webp|avif|png|photoshop|resize|sharpen)(?P<number>\d+(?:\.\d+)?)?"
    r"(?P<options>(?:/\w+)*)(?:\+(?P<rows>\d+),(?P<columns>\d+))?"
)


def parse_step(word: str) -> Step:
    """The step that prints as `word`.

    Raises:
        ValueError: no step does, or a value is out of range; the message quotes the word.

    >>> parse_step("jpeg75/444+4,4")
    Jpeg(qf=75, subsampling='4:4:4', tables='libjpeg', shift=(4, 4))
    """
    match = _WORD.fullmatch(word)
    step = _build(match) if match else None
    if step is None or str(step) != word:
        raise ValueError(f"{word!r} is no step of a history, such as jpeg20+4,4 or resize0.5")
    return step


def _build(match: re.Match[str]) -> Step | None:
    """The step of a word's parts, None where they name none; extra parts are not looked at."""
    kind, number = match["kind"], match["number"]
    options = [option for option in match["options"].split("/") if option]
    shift = (int(match["rows"]), int(match["columns"])) if match["rows"] else (0, 0)
    match kind, number:
        case "png", None:
            return Png()
        case "photoshop", None:
            return Photoshop(preset=_option(options, get_args(PhotoshopPreset), ""), shift=shift)
        case "resize", str():
            return Resize(ratio=float(number), filter=_option(options, get_args(Filter), "bicubic"))
        case "jpeg" | "webp" | "avif" | "sharpen", str() if number.isdigit():
            pass
        case _:
            return None
    whole = int(number)
    match kind:
        case "jpeg":
            chroma = _option(options, ("422", "444"), "420")
            tables = _option(options, get_args(Encoder), "libjpeg")
            subsampling: Any = ":".join(chroma)
            return Jpeg(qf=whole, subsampling=subsampling, tables=tables, shift=shift)
        case "sharpen":
            return Sharpen(percent=whole)
        case _:
            return Modern(format=kind, quality=whole, shift=shift)


def _option(options: list[str], known: tuple[str, ...], otherwise: str) -> Any:
    return next((option for option in options if option in known), otherwise)
