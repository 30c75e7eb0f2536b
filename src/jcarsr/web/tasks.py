"""What a restoring process does: tasks, and how each is done. Knows files, no HTTP."""

from __future__ import annotations

import re
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np

from jcarsr.engines.base import EngineOptions
from jcarsr.errors import ImageError, StorageError
from jcarsr.image import (
    DEFAULT_QUALITY,
    Animation,
    Picture,
    ReadOptions,
    SaveOptions,
    apply_orientation,
    decode,
    format_of,
    limit_pillow,
    save,
    upright,
)
from jcarsr.image.facts import facts
from jcarsr.image.format_metadata import fit_colours
from jcarsr.image.header import read_header
from jcarsr.image.metadata.xmp_record import record
from jcarsr.image.png.deflate import STRATEGY
from jcarsr.inspection import as_dictionary, choose, look
from jcarsr.pixels import to_8_bits
from jcarsr.progress import OnTile, ignore_progress
from jcarsr.protocols import NETWORK_SCALES, SCALES
from jcarsr.restoring.file import FileRestorer
from jcarsr.restoring.mix import blend_pictures
from jcarsr.restoring.networks import Networks
from jcarsr.restoring.outputs import MapKind
from jcarsr.restoring.record import properties_of
from jcarsr.restoring.settings import Settings
from jcarsr.restoring.strength import apply_strength, enlarge
from jcarsr.restoring.target import Target
from jcarsr.web.network_size import NetworkSize, chosen_name

_FIRST_FRAME = re.compile(r"(:|, or|: the first alone can be restored, with) first_frame=True$")
"""Ends of refusals that name an argument which is no field of the API."""

Answer: TypeAlias = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Inspect:
    """Tell what a picture is and what would be done with it."""

    source: str
    scale: int
    weights: str
    """A NetworkSize."""


@dataclass(frozen=True, kw_only=True)
class Restore:
    """Restore a picture, or make a map of it, into a file of the format that its extension says."""

    source: str
    result: str
    scale: int
    weights: str
    quality: int = DEFAULT_QUALITY
    strip_metadata: bool = False
    salvage: bool = False
    """Restore what decodes of a truncated file."""
    output: MapKind = "picture"
    strength: float = 1.0
    """Of the restored in the mix with the enlarged input."""
    crisp: float = 0.0
    """Share of the crisp picture."""
    mark: bool = False
    """The result's metadata say that it was enhanced."""
    ensemble: bool = False
    """The mean of eight."""
    side: str = ""
    """Of the size asked for, a field of Target; "" = `scale` says it."""
    pixels: int = 0
    """Of that side."""


@dataclass(frozen=True, kw_only=True)
class Enlarge:
    """Write a picture enlarged as at strength 0, upright, 8 bits; of an animation, its start."""

    source: str
    result: str
    width: int
    height: int
    salvage: bool = False


@dataclass(frozen=True, kw_only=True)
class Convert:
    """Save a result in another format, or mixed with the enlarged input.

    It is the file that restoring to it at once gives: metadata are taken from the input.
    """

    source: str
    result: str
    quality: int
    strip_metadata: bool = False
    strength: float = 1.0
    """Of the result in the mix."""
    recorded: float = 1.0
    """The strength that the new result's metadata tell."""
    crisp_result: str = ""
    """The file of a crisp picture that is mixed in before that."""
    share: float = 0.0
    """Of the crisp picture."""
    recorded_crisp: float = 0.0
    """The share that the new result's metadata tell."""
    mark: bool = False
    """They say that it was enhanced."""
    before: str = ""
    """The file of the input; "" = the result is a map, which keeps what metadata it has."""
    salvage: bool = False
    """Of the input."""


Task: TypeAlias = Inspect | Restore | Enlarge | Convert
TASKS: dict[str, type[Task]] = {
    kind.__name__: kind for kind in (Inspect, Restore, Enlarge, Convert)
}
"""Name -> task, for tasks that travel as JSON."""


class SalvageableError(ImageError):
    """A truncated picture of which something decodes: `salvage` would restore that."""


class Performer:
    """Does tasks, one after the other; keeps networks and no picture.

    Args:
        options: how networks are run.
        max_pixels: of an input, all frames together.
        max_memory: bytes that one picture may take in addition to the weights.
    """

    def __init__(self, options: EngineOptions, max_pixels: int, max_memory: int) -> None:
        self._options, self._max_memory = options, max_memory
        self._read = ReadOptions(max_pixels=max_pixels, max_memory=max_memory)
        self._own = ReadOptions(max_pixels=max_pixels * max(SCALES) ** 2)  # results are larger
        self._networks: dict[tuple[str | None, bool], Networks] = {}

    def warm(self) -> None:
        """Load what will be needed first.

        Raises:
            JCARSRError, ValueError: it cannot be loaded or run here.
        """
        networks = self._of(NetworkSize.auto, 2)
        networks.check_device()
        networks.restorer(2)

    def perform(self, task: Task, on_tile: OnTile = ignore_progress) -> Answer:
        """Do a task; the answer is what JSON can say.

        Raises:
            JCARSRError: it cannot be done; one line that names no file.
            SalvageableError: the picture is truncated, and the task does not salvage.
        """
        match task:
            case Inspect():
                return self._inspect(task)
            case Restore():
                with self._in_terms_of_the_api(task):
                    return self._restore(task, on_tile)
            case Enlarge():
                return self._enlarge(task)
            case Convert():
                with _without_arguments():
                    return self._convert(task)

    def _inspect(self, task: Inspect) -> Answer:
        found = facts(task.source, self._read)
        size, scale = NetworkSize(task.weights), max(task.scale, NETWORK_SCALES[0])
        name = None if size is NetworkSize.auto else chosen_name(size, scale)
        return as_dictionary(found, look(choose(name, task.scale), task.source, self._read))

    def _restore(self, task: Restore, on_tile: OnTile) -> Answer:
        target, scale = Target(scale=task.scale), max(task.scale, NETWORK_SCALES[0])
        if task.side:
            target = Target(**{task.side: task.pixels})
            size = read_header(task.source, self._read).size
            scale = target.native_scale(*size, NETWORK_SCALES)
        networks = self._of(NetworkSize(task.weights), scale, ensemble=task.ensemble)
        settings = Settings(
            target=target,
            read=replace(self._read, salvage=task.salvage),
            save=SaveOptions(quality=task.quality, strip_metadata=task.strip_metadata),
            outputs=(task.output,),
            strength=task.strength,
            crisp=task.crisp,
            mark=task.mark,
            ensemble=task.ensemble,
        )
        files, frames = (
            FileRestorer(networks, settings),
            read_header(task.source, settings.read).frames,
        )
        outcome = files.run(Path(task.source), Path(task.result), on_tile)
        assert outcome.size is not None  # it is done
        return {
            "width": outcome.size[0],
            "height": outcome.size[1],
            "frames": frames if frames > 1 else None,
            "scale": outcome.scale,
            "weights": outcome.weights,
            "notes": list(outcome.notes),
            "strength": task.strength,
            "crisp": task.crisp,
            "support": None if outcome.support is None else asdict(outcome.support),
        }

    def _enlarge(self, task: Enlarge) -> Answer:
        picture = self._still(task.source, salvage=task.salvage)
        image = upright(enlarge(apply_orientation(picture), task.height, task.width))
        image.save(
            task.result, "PNG", compress_type=STRATEGY, icc_profile=image.info.get("icc_profile")
        )
        return {}

    def _convert(self, task: Convert) -> Answer:
        options = SaveOptions(quality=task.quality, strip_metadata=task.strip_metadata)
        limit_pillow(self._own.max_pixels)
        try:
            picture = decode(task.source, self._own)
            if task.share:
                picture = self._with_crisp(picture, task)
            if task.before:
                picture = self._as_made_of(picture, task)
            notes = save(picture, Path(task.result), options)  # decodes an animation's frames
        finally:
            limit_pillow(self._read.max_pixels)
        return {"notes": [*picture.notes, *notes]}

    def _as_made_of(self, picture: Picture | Animation, task: Convert) -> Picture | Animation:
        """Mix a result with its input, and give it the metadata that the input's restoring does."""
        still = isinstance(picture, Picture)
        reading = replace(self._read, salvage=task.salvage, first_frame=still)
        before = decode(task.before, reading)
        if task.strength != 1:
            if not still or not isinstance(before, Picture):
                raise ImageError("an animation is mixed while it is restored: send strength then")
            upright = _as_saved(apply_orientation(before), picture, Path(task.source))
            picture = apply_strength(picture, upright, task.strength)
        profile = picture.metadata.icc_profile
        metadata = replace(before.metadata, icc_profile=profile)
        picture = replace(picture, metadata=metadata, notes=before.notes)
        return record(picture, properties_of(task.recorded, task.recorded_crisp, mark=task.mark))

    def _with_crisp(self, picture: Picture | Animation, task: Convert) -> Picture:
        """Mix the crisp picture in."""
        crisp = decode(task.crisp_result, self._own)
        if isinstance(crisp, Animation) or isinstance(picture, Animation):
            raise ImageError("an animation is mixed while it is restored: send crisp then")
        if crisp.samples.shape != picture.samples.shape:
            raise ImageError("crisp_job: its result is no picture of the same size")
        if crisp.samples.dtype != picture.samples.dtype:
            raise ImageError("crisp_job: its result has other bits")
        return blend_pictures(picture, crisp, task.share)

    def _still(self, source: str, *, salvage: bool) -> Picture:
        """The input, of an animation its start."""
        picture = decode(source, replace(self._read, first_frame=True, salvage=salvage))
        assert isinstance(picture, Picture)
        return picture

    @contextmanager
    def _in_terms_of_the_api(self, task: Restore) -> Generator[None]:
        """Name no argument that is no field, and say whether a picture can be salvaged."""
        try:
            with _without_arguments():
                yield
        except StorageError:
            raise
        except ImageError as error:
            if not task.salvage and self._is_salvageable(task.source):
                raise SalvageableError(_offer(str(error))) from error
            raise

    def _is_salvageable(self, source: str) -> bool:
        try:
            decode(source, self._read)
            return False  # it is whole: something else is wrong with it
        except ImageError:
            pass
        try:
            decode(source, replace(self._read, salvage=True))
        except (ImageError, MemoryError):
            return False
        return True

    def _of(self, size: NetworkSize, scale: int, *, ensemble: bool = False) -> Networks:
        name = None if size is NetworkSize.auto else chosen_name(size, scale)
        key = name, ensemble
        if key not in self._networks:
            self._networks[key] = Networks(
                name, self._options, max_memory=self._max_memory, ensemble=ensemble
            )
        return self._networks[key]


@contextmanager
def _without_arguments() -> Generator[None]:
    """Leave out of refusals the advice that names an argument which is no field."""
    try:
        yield
    except ImageError as error:
        raise type(error)(_FIRST_FRAME.sub("", str(error))) from error


def _as_saved(picture: Picture, result: Picture, file: Path) -> Picture:
    """Return an input with the bits and colours that its result has in a file."""
    format = format_of(file)
    if result.samples.dtype == np.uint8:
        alpha = None if picture.alpha is None else to_8_bits(picture.alpha)
        picture = replace(picture, samples=to_8_bits(picture.samples), alpha=alpha)
    return picture if format is None else fit_colours(picture, format)[0]


def _offer(refusal: str) -> str:
    """Name the field salvage, which a refusal may name already, as an argument."""
    if "salvage=True" in refusal:
        return refusal.replace("salvage=True", "salvage=true")
    return f"{refusal} (salvage=true restores what there is)"
