"""What would be done with a picture: the weights that would restore it, and what that takes.

Decodes the picture and reads the weights' records; loads no network.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from jcarsr.errors import ImageError
from jcarsr.image import ReadOptions, decode
from jcarsr.image.decode import Source
from jcarsr.image.facts import LAST_SAVE, Facts, facts
from jcarsr.jpeg.earlier_save import EarlierSave
from jcarsr.restoring.choice import choose_for
from jcarsr.restoring.memory import picture_bytes
from jcarsr.restoring.networks import Networks
from jcarsr.restoring.reading import file_of
from jcarsr.restoring.restorer import DEFAULT_TILE
from jcarsr.weights import Record, find, read_record


@dataclass(frozen=True)
class Choice:
    """The weights that would be used."""

    name: str
    bytes_per_pixel: int
    """Of a tile."""
    scale: int
    """Asked for; for 1 a result is shrunk."""
    network_scale: int
    """What the network enlarges by."""
    bundled: bool
    """Chosen by us for the scale, not by the user."""
    trained_from: int | None
    """Lowest and highest quality seen in training; None = not recorded."""
    trained_to: int | None
    reason: str = ""
    """Why these; what the pixels show."""
    earlier_save: EarlierSave | None = None

    def memory(self, found: Facts) -> int:
        """Estimate the bytes that restoring takes in addition to the weights."""
        return picture_bytes(
            found.height,
            found.width,
            scale=self.network_scale,
            tile=DEFAULT_TILE,
            bytes_per_pixel=self.bytes_per_pixel,
            itemsize=2 if found.bits == 16 else 1,
            alpha=found.transparency,
        )

    def outside(self, found: Facts) -> bool | None:
        """Whether a JPEG's quality is one that these weights never saw; None = not known."""
        quality = found.jpeg.quality if found.jpeg else None
        if quality is None or self.trained_from is None or self.trained_to is None:
            return None
        return not self.trained_from <= quality.value <= self.trained_to


def choose(name: str | None, asked: int | None = None) -> Choice:
    """The weights that `jcarsr restore` would take.

    Args:
        name: bundled weights or a weight file; None = the bundled ones for the scale.
        asked: the scale; None = 2, or that of the weights.

    Raises:
        WeightsError: there are no such weights.
        ValueError: they have another scale.
    """
    networks = Networks(name)
    scale = networks.asked_scale(asked)
    return _choice(networks.record(networks.network_scale(scale)), scale, bundled=name is None)


def look_at_file(
    source: Path | bytes, options: ReadOptions, choice: Choice
) -> tuple[Facts, Choice]:
    """What a file, or the bytes of one, is, and the choice after a look at its pixels.

    Raises:
        ImageError: its header cannot be read.
    """
    found = facts(file_of(source), options)
    return found, look(choice, file_of(source), options)


def look(choice: Choice, source: Source, options: ReadOptions = ReadOptions()) -> Choice:
    """The choice after a look at the pixels: they decide which of the bundled weights are taken.

    A picture that cannot be decoded leaves it as it is, with the reason.
    """
    try:
        chosen = choose_for(decode(source, options), choice.network_scale)
    except ImageError as error:
        return replace(choice, reason=f"its pixels cannot be looked at: {error}")
    if choice.bundled and chosen.name != choice.name:
        choice = _choice(read_record(find(chosen.name)), choice.scale, bundled=True)
    return replace(choice, reason=chosen.reason, earlier_save=chosen.earlier)


def _choice(record: Record, scale: int, *, bundled: bool) -> Choice:
    lowest, highest = _training_qualities(record.recipe)
    facts = record.facts
    per_pixel = facts.bytes_per_pixel(facts.picture_output)
    return Choice(str(record.name), per_pixel, scale, facts.scale, bundled, lowest, highest)


def as_dictionary(found: Facts, choice: Choice) -> dict[str, Any]:
    """All of it, for JSON."""
    chosen = {**asdict(choice), "quality_outside_training": choice.outside(found)}
    del chosen["bytes_per_pixel"], chosen["network_scale"]
    return {
        **asdict(found),
        "notes": notes_of(found, choice),
        "weights": chosen,
        "memory": choice.memory(found),
    }


def notes_of(found: Facts, choice: Choice) -> tuple[str, ...]:
    """A picture's notes; that it may have been saved before is none where such a save was found."""
    return tuple(note for note in found.notes if note != LAST_SAVE or not choice.earlier_save)


def _training_qualities(recipe: Any) -> tuple[int, int] | tuple[None, None]:
    """Lowest and highest training quality, if recorded: a user's file may hold anything."""
    try:
        histories = recipe.get("histories", recipe)  # records of version 0.1 have qfs directly
        qfs = histories.get("once", histories)["qfs"]
        return int(min(qfs)), int(max(qfs))
    except (AttributeError, KeyError, TypeError, ValueError, OverflowError):
        return None, None
