"""Which bundled weights restore a picture: those for one save, or those for repeated saves.

`docs/choice.md` says how often the earlier save is found and what a wrong choice costs.
"""

from __future__ import annotations

from dataclasses import dataclass

from jcarsr.image import Animation, Picture
from jcarsr.jpeg.earlier_save import EarlierSave, find_earlier_save
from jcarsr.pixels import to_8_bits
from jcarsr.weights import default_name, web_name


@dataclass(frozen=True, kw_only=True)
class WeightsChoice:
    """Weights, and why these."""

    name: str
    """Of bundled weights."""
    reason: str
    """A few words."""
    earlier: EarlierSave | None = None
    """Found in the pixels, if they were searched."""


def choose_weights(scale: int, earlier: EarlierSave | None) -> WeightsChoice:
    """The bundled weights for a picture.

    Weights for a single save restore two saves on one grid just as well: the milder last one adds
    little to the first one's errors. Off the grid they do not know them.

    Args:
        scale: of the network, 2 or 4.
        earlier: what was found in the pixels.

    Raises:
        WeightsError: no weights for this scale.
    """
    once, web = default_name(scale), web_name(scale)
    if earlier is None:
        return WeightsChoice(name=once, reason="no trace of one")
    if not earlier.moved:
        return WeightsChoice(name=once, reason=str(earlier), earlier=earlier)
    if web is None:
        reason = f"{earlier}, for which no weights are bundled"
        return WeightsChoice(name=once, reason=reason, earlier=earlier)
    return WeightsChoice(name=web, reason=str(earlier), earlier=earlier)


def choose_for(picture: Picture | Animation, scale: int) -> WeightsChoice:
    """The bundled weights for a decoded picture, after a look at its pixels.

    Raises:
        WeightsError: no weights for this scale.
    """
    if isinstance(picture, Animation):
        name = default_name(scale)
        return WeightsChoice(name=name, reason="an animation, whose frames are not judged")
    earlier = find_earlier_save(to_8_bits(picture.samples), picture.last_save)
    return choose_weights(scale, earlier)
