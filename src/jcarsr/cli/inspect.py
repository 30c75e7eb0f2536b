"""`jcarsr inspect`: what a file is, and which network would restore it. Loads no network."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated

import typer

from jcarsr.batch.plan import Refused
from jcarsr.batch.search import search
from jcarsr.cli.inputs import FilesFromOption, Inputs, InputsArgument, NullOption, gather_inputs
from jcarsr.cli.options import DecodeTimeoutOption, JsonOption, WeightsOption
from jcarsr.cli.pipes import read_picture
from jcarsr.cli.shell import exit_on_signals, say
from jcarsr.cli.text import on_one_line, printable
from jcarsr.cli.values import check_decode_timeout, usage_errors
from jcarsr.errors import ImageError, format_bytes, with_options
from jcarsr.image.facts import LAST_SAVE, Facts, JpegFacts, Profile
from jcarsr.image.open import MAX_PIXELS, ReadOptions, limit_pillow
from jcarsr.inspection import Choice, as_dictionary, choose, look_at_file, notes_of
from jcarsr.jpeg.quality import Quality
from jcarsr.protocols import Scale
from jcarsr.restoring.memory import DEFAULT_MAX_MEMORY
from jcarsr.restoring.reading import DEFAULT_SECONDS, TimedReader


def inspect(
    inputs: InputsArgument = None,
    files_from: FilesFromOption = None,
    null: NullOption = False,
    scale: Annotated[
        Scale | None,
        typer.Option(help="1 only removes artifacts. (default: 2, or that of --weights)"),
    ] = None,
    weights: WeightsOption = None,
    max_pixels: Annotated[int, typer.Option(help="Refuse pictures with more, as bombs.")] = (
        MAX_PIXELS
    ),
    decode_timeout: DecodeTimeoutOption = DEFAULT_SECONDS,
    as_json: JsonOption = False,
) -> None:
    """Tell what pictures are: how hard JPEGs were compressed, which weights fit.

    Pictures of a folder get a line each. Loads no network. Pixels are decoded to
    look for an earlier save; the codes of JPEGs are followed to see whether they
    are whole.
    """
    with usage_errors():
        if max_pixels < 1:
            raise ValueError(f"--max-pixels {max_pixels}: at least 1")
        check_decode_timeout(decode_timeout)
        limit_pillow(max_pixels)
        choice = choose(weights, scale)
        given = gather_inputs(inputs, files_from, null)
        pictures = [_Source(Path("-"), data=read_picture())] if given.piped else _sources(given)
    failed = False
    reader = TimedReader(decode_timeout, max_pixels)
    options = ReadOptions(max_pixels=max_pixels, max_memory=DEFAULT_MAX_MEMORY)
    with exit_on_signals(), reader:
        for picture in pictures:
            failed |= not _tell(picture, reader, options, choice, as_json=as_json)
    if failed:
        raise typer.Exit(1)


def _tell(
    picture: _Source, reader: TimedReader, options: ReadOptions, choice: Choice, *, as_json: bool
) -> bool:
    """Print what a picture is; False if it cannot be read.

    Args:
        picture: to look at.
        reader: reads it.
        options: how.
        choice: of weights, before the picture is seen.
        as_json: as a line of JSON.
    """
    name = printable(picture.name)
    try:
        if picture.wrong:
            raise ImageError(picture.wrong)
        source = Path(picture.name) if picture.data is None else picture.data
        found, chosen = reader.call(look_at_file, source, options, choice)
    except ImageError as error:
        reason = with_options(str(error))
        typer.echo(f"error: {name}: {reason}", err=True)
        if as_json:
            say(json.dumps({"file": str(picture.name), "error": reason}))
        return False
    found = replace(found, notes=tuple(map(with_options, found.notes)))
    if as_json:
        say(json.dumps({"file": str(picture.name), **as_dictionary(found, chosen)}))
    elif picture.in_folder:
        say(f"{name}: {', '.join(_in_short(found, chosen))}")
    else:
        say("\n".join((name, *(f"  {line}" for line in _lines(found, chosen)))))
    return True


@dataclass(frozen=True)
class _Source:
    """A picture to look at, or why it is none."""

    name: Path | str
    in_folder: bool = False
    data: bytes | None = None
    wrong: str | None = None


def _sources(given: Inputs) -> Iterator[_Source]:
    """The pictures of files and folders, one after another."""
    for path in given.inputs:
        if isinstance(path, Refused):
            yield _Source(path.source, wrong=path.reason)
        elif not path.is_dir():
            yield _Source(path)
        else:
            searched = search(path, None, results=True)
            for refused, reason in searched.refused:
                yield _Source(refused, wrong=reason)
            for note in searched.notes:
                typer.echo(f"note: {on_one_line(note)}", err=True)
            for picture, _ in searched.pictures:
                yield _Source(picture, in_folder=True)


def _in_short(found: Facts, choice: Choice) -> Iterator[str]:
    """What a line of a folder's picture says."""
    yield f"{found.format}{_kind(found.jpeg)}"
    yield f"{found.width}x{found.height}{_upright_size(found)}"
    yield f"{found.mode}, {_count(found.bits, 'bit')}"
    if found.transparency:
        yield "transparency"
    if found.frames is not None and found.frames > 1:
        yield f"{found.frames} frames"
    if found.jpeg is not None:
        quality = found.jpeg.quality
        about = "" if quality is None or quality.exact else "about "
        yield f"quality {about}{'unknown' if quality is None else quality.value}"
    if choice.earlier_save is not None:
        yield str(choice.earlier_save)
    yield printable(Path(choice.name))
    if choice.outside(found):
        yield "outside the qualities of training"
    for note in found.notes:
        if note != LAST_SAVE:
            yield f"note: {note}"


def _lines(found: Facts, choice: Choice) -> Iterator[str]:
    yield f"format: {found.format}{_kind(found.jpeg)}"
    yield f"size: {found.width}x{found.height}{_upright_size(found)}"
    transparency = ", with transparency" if found.transparency else ""
    yield f"pixels: {found.mode}, {_count(found.bits, 'bit')} a channel{transparency}"
    if found.frames is not None and found.frames > 1:
        yield f"frames: {found.frames}"
    if found.jpeg is not None:
        yield f"quality: {_quality(found.jpeg.quality)}"
    yield f"colour profile: {_profile(found.profile)}"
    yield f"metadata: {_metadata(found)}"
    yield f"earlier save: {choice.reason}"
    yield f"weights: {_weights(choice)}"
    yield f"memory: about {format_bytes(choice.memory(found))} without the weights"
    if choice.outside(found):
        yield (
            "note: its quality lies outside those that these weights were trained on "
            f"({choice.trained_from} to {choice.trained_to})"
        )
    for note in notes_of(found, choice):
        yield f"note: {note}"


def _kind(jpeg: JpegFacts | None) -> str:
    if jpeg is None:
        return ""
    return f", {'progressive' if jpeg.progressive else 'sequential'}, {jpeg.subsampling}"


def _upright_size(found: Facts) -> str:
    if found.orientation == 1:
        return ""
    width, height = found.upright
    return f", upright {width}x{height} (EXIF orientation {found.orientation})"


def _quality(quality: Quality | None) -> str:
    if quality is None:
        return "unknown, it has no quantisation tables"
    if quality.exact:
        return f"{quality.value} (libjpeg's tables precisely)"
    off = f"{100 * math.expm1(quality.misfit):.0f} %"
    return f"about {quality.value} (non-standard tables; libjpeg's nearest differ by {off})"


def _profile(profile: Profile | None) -> str:
    if profile is None:
        return "none"
    name = profile.description or "without a name"
    return name if profile.colour_space is None else f"{name} ({profile.colour_space})"


def _metadata(found: Facts) -> str:
    parts = ["EXIF"] if found.exif else []
    parts += ["XMP"] if found.xmp else []
    parts += ["IPTC"] if found.iptc else []
    parts += [f"text ({', '.join(map(printable, found.texts))})"] if found.texts else []
    parts += [f"{found.dpi[0]:g}x{found.dpi[1]:g} dpi"] if found.dpi else []
    return ", ".join(parts) or "none"


def _weights(choice: Choice) -> str:
    why = f"bundled for scale {choice.scale}" if choice.bundled else f"for scale {choice.scale}"
    if choice.scale < choice.network_scale:
        why = f"{why}, whose result is shrunk"
    name = printable(Path(choice.name))
    if choice.trained_from is None:
        return f"{name} ({why}; it is not recorded which qualities it was trained on)"
    trained = f"trained on qualities {choice.trained_from} to {choice.trained_to}"
    return f"{name} ({why}; {trained})"


def _count(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"
