"""One decoded picture -> everything that is asked of it, by the weights that suit it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from jcarsr.errors import ImageError
from jcarsr.image import Animation, Picture
from jcarsr.progress import OnTile, ignore_progress, pass_of
from jcarsr.restoring.animate import animate
from jcarsr.restoring.compose import compose
from jcarsr.restoring.gradient_map import gradient_map
from jcarsr.restoring.networks import Networks
from jcarsr.restoring.outputs import Kind
from jcarsr.restoring.settings import Settings
from jcarsr.weights import Record


@dataclass(frozen=True, kw_only=True, eq=False)
class Restored:
    """The outputs of one picture, and what made them."""

    outputs: Mapping[Kind, Picture | Animation]  # in the order of `Settings.outputs`
    scale: int  # of the network
    record: Record  # of its weights
    tile: int | None  # side of the picture's tiles; None = whole at once, or it is not an output
    full_precision_tiles: int  # repeated because their values were not finite

    @property
    def first(self) -> Picture | Animation:
        """The output that gets the result's name."""
        return next(iter(self.outputs.values()))


def restore_picture(
    picture: Picture | Animation,
    networks: Networks,
    settings: Settings,
    on_tile: OnTile = ignore_progress,
) -> Restored:
    """Make the outputs that `settings` ask for.

    Args:
        picture: as decoded.
        networks: from which the one for the picture and its scale is taken.
        settings: size and outputs; how files are read and written is not looked at.
        on_tile: called for all outputs together.

    Raises:
        ImageError: there is no such output of this picture.
        WeightsError: there are no weights for its scale, or they are damaged.
        MemoryLimitError: it needs more than the networks may take.
        JCARSRError: the result would be larger than they can make it, or is not finite.
    """
    maps = [kind for kind in settings.outputs if kind != "picture"]
    if isinstance(picture, Animation) and maps:
        raise ImageError(f"an animation has no one {maps[0]} map: --first-frame")
    size = settings.target.size(*picture.size)
    scale = settings.target.native_scale(*picture.size, networks.scales)
    name = networks.choose(picture, scale)
    outputs: dict[Kind, Picture | Animation] = {}
    tile, repeated = None, 0
    for index, kind in enumerate(settings.outputs):
        on_own_tile = pass_of(on_tile, index, len(settings.outputs))
        if isinstance(picture, Animation):
            restorer, most = networks.restorer(scale, name), networks.max_memory
            outputs[kind], repeated = animate(picture, restorer, size, on_own_tile, most)
            tile = settings.tile
        elif kind == "picture":
            composed = compose(picture, networks.restorer(scale, name), size, on_own_tile)
            outputs[kind] = composed.picture
            tile, repeated = composed.tile, composed.full_precision_tiles
        else:
            outputs[kind] = gradient_map(picture, networks.gradient(scale, name), on_own_tile)
    return Restored(
        outputs=outputs,
        scale=scale,
        record=networks.record(scale, name),
        tile=tile,
        full_precision_tiles=repeated,
    )
