"""What a restoring process does: tasks, and how each is done. Knows files, no HTTP."""

from __future__ import annotations

import re
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, TypeAlias

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
    limit_pillow,
    save,
    upright,
)
from jcarsr.image.facts import facts
from jcarsr.image.header import read_header
from jcarsr.image.metadata.xmp_record import record
from jcarsr.image.png.deflate import STRATEGY
from jcarsr.inspection import as_dictionary, choose, look
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
    """Save a result in another format, or mixed with the enlarged input."""

    source: str
    result: str
    quality: int
    strength: float = 1.0
    """Of the result in the mix."""
    recorded: float = 1.0
    """The strength that the new result's metadata tell."""
    crisp_result: str = ""
    """The file of a crisp picture that is mixed in before that."""
    share: float = 0.0
    """Of the crisp picture."""
    before: str = ""
    """The file of the input, for a strength below 1."""
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
        files = FileRestorer(networks, settings)
        outcome = files.run(Path(task.source), Path(task.result), on_tile)
        assert outcome.size is not None  # it is done
        return {
            "width": outcome.size[0],
            "height": outcome.size[1],
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
        most = self._read.max_pixels * max(SCALES) ** 2  # our own file: larger than any input
        limit_pillow(most)
        try:
            picture = decode(task.source, ReadOptions(max_pixels=most))
            if task.share:
                picture = self._with_crisp(picture, task)
        finally:
            limit_pillow(self._read.max_pixels)
        if task.strength != 1 or task.share:
            if isinstance(picture, Animation):
                raise ImageError("an animation is mixed while it is restored: send strength then")
            before = self._still(task.before, salvage=task.salvage)
            picture = apply_strength(picture, apply_orientation(before), task.strength)
            picture = record(picture, properties_of(task.recorded, task.share))
        save(picture, Path(task.result), SaveOptions(quality=task.quality))
        return {}

    def _with_crisp(self, picture: Picture | Animation, task: Convert) -> Picture:
        """Mix the crisp picture in."""
        most = self._read.max_pixels * max(SCALES) ** 2
        crisp = decode(task.crisp_result, ReadOptions(max_pixels=most))
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
            yield
        except StorageError:
            raise
        except ImageError as error:
            if not task.salvage and self._is_salvageable(task.source):
                raise SalvageableError(_offer(str(error))) from error
            raise type(error)(_FIRST_FRAME.sub("", str(error))) from error

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


def _offer(refusal: str) -> str:
    """Name the field salvage, which a refusal may name already, as an argument."""
    if "salvage=True" in refusal:
        return refusal.replace("salvage=True", "salvage=true")
    return f"{refusal} (salvage=true restores what there is)"
