"""One decoded picture -> everything that is asked of it, by the weights that suit it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from jcarsr.blas import one_blas_thread
from jcarsr.errors import ImageError
from jcarsr.image import Animation, Picture
from jcarsr.image.metadata.xmp_record import record
from jcarsr.jpeg.support import Support
from jcarsr.progress import OnTile, ignore_progress, pass_of
from jcarsr.restoring.animate import animate
from jcarsr.restoring.comparison import Comparison, compare
from jcarsr.restoring.detail_map import detail_map
from jcarsr.restoring.gradient_map import gradient_map
from jcarsr.restoring.mix import Mix, compose_mix
from jcarsr.restoring.networks import Networks
from jcarsr.restoring.outputs import Kind
from jcarsr.restoring.record import facts_of, properties_of
from jcarsr.restoring.settings import Settings
from jcarsr.restoring.support import SupportOf
from jcarsr.weights import Record


@dataclass(frozen=True, kw_only=True, eq=False)
class RestoredOutputs:
    """The outputs of one picture, and what made them."""

    outputs: Mapping[Kind, Picture | Animation | Comparison]
    """In the order of `Settings.outputs`."""
    scale: int
    """Of the network; 1 where its result was shrunk to the input's size, or less."""
    record: Record
    """Of its weights."""
    tile: int | None
    """Side of the picture's tiles; None = whole at once, or it is not an output."""
    full_precision_tiles: int
    """Repeated because their values were not finite."""
    strength: float = 1.0
    """Of the restored in the mix with the enlarged input."""
    crisp: float = 0.0
    """Share of the crisp picture."""
    supported: SupportOf | None = None
    """None = there is no picture, or it is an animation."""

    @property
    def support(self) -> Support | None:
        """What the JPEG says of the picture, compared when first asked for; None = it is none."""
        return self.supported.support if self.supported else None

    @property
    def first(self) -> Picture | Animation:
        """The output that gets the result's name."""
        output = next(iter(self.outputs.values()))
        assert not isinstance(output, Comparison)  # they follow a picture
        return output


@one_blas_thread()
def restore_picture(
    picture: Picture | Animation,
    networks: Networks,
    settings: Settings,
    on_tile: OnTile = ignore_progress,
) -> RestoredOutputs:
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
        what = "comparison" if maps[0] in ("side", "html") else f"{maps[0]} map"
        raise ImageError(f"an animation has no one {what}: first_frame=True")
    size = settings.target.size(*picture.size)
    scale = settings.target.native_scale(*picture.size, networks.scales)
    name = networks.choose(picture, scale)
    outputs: dict[Kind, Picture | Animation | Comparison] = {}
    tile, repeated, supported = None, 0, None
    shows_picture = settings.outputs != ("gradient",)
    passes = int(shows_picture) + int("gradient" in settings.outputs)
    if isinstance(picture, Animation):
        mix, most = _make_mix(networks, settings, scale, name), networks.max_memory
        outputs["picture"], repeated = animate(picture, mix, size, on_tile, most)
        tile = settings.tile
    elif shows_picture:
        detail, mix = "detail" in settings.outputs, _make_mix(networks, settings, scale, name)
        on_own_tile = pass_of(on_tile, 0, passes)
        mixed = compose_mix(picture, mix, size, on_own_tile, keep_faithful=detail)
        composed = mixed.composed
        tile, repeated = composed.tile, composed.full_precision_tiles
        supported = SupportOf(composed.picture, picture)
        outputs["picture"] = composed.picture
        if detail:
            faithful = mixed.faithful if settings.crisp else None
            stored = picture.samples.shape[0], picture.samples.shape[1]
            outputs["detail"] = detail_map(composed.picture, faithful, supported.shares, stored)
        if {"side", "html"} & set(settings.outputs):
            facts = facts_of(settings.strength, settings.crisp)
            weights = {"Weights": networks.record(scale, name).name}
            comparison = compare(composed.picture, picture, supported.support, weights | facts)
            outputs |= {"side": comparison.side(), "html": comparison}
    if isinstance(picture, Picture) and "gradient" in settings.outputs:
        on_own_tile = pass_of(on_tile, passes - 1, passes)
        outputs["gradient"] = gradient_map(picture, networks.gradient(scale, name), on_own_tile)
    if "picture" in outputs:
        properties = properties_of(settings.strength, settings.crisp, mark=settings.mark)
        made = outputs["picture"]
        assert not isinstance(made, Comparison)
        outputs["picture"] = record(made, properties)
    return RestoredOutputs(
        outputs={kind: outputs[kind] for kind in settings.outputs},
        scale=settings.target.result_scale(*picture.size, networks.scales),
        record=networks.record(scale, name),
        tile=tile,
        full_precision_tiles=repeated,
        strength=settings.strength,
        crisp=settings.crisp,
        supported=supported,
    )


def _make_mix(networks: Networks, settings: Settings, scale: int, name: str) -> Mix:
    return Mix(
        faithful=networks.restorer(scale, name),
        crisp=networks.restorer(scale, networks.crisp(scale)) if settings.crisp else None,
        share=settings.crisp,
        strength=settings.strength,
    )
