"""How a result looks: the faithful picture, the crisp one, a mix of them, and how much of it."""

from __future__ import annotations

from dataclasses import dataclass, replace

from jcarsr.image.picture import Picture
from jcarsr.progress import OnTile, ignore_progress, pass_of
from jcarsr.restoring.compose import RestoredPicture, compose
from jcarsr.restoring.restorer import NetworkRestorer
from jcarsr.restoring.strength import apply_strength, blend


@dataclass(frozen=True, kw_only=True)
class Mix:
    """The networks of a result and their shares."""

    faithful: NetworkRestorer
    crisp: NetworkRestorer | None = None
    """None = its share is 0."""
    share: float = 0.0
    """Of the crisp picture in the mix with the faithful one, 0 to 1."""
    strength: float = 1.0
    """Of that mix in the one with the enlarged input, 0 to 1."""


@dataclass(frozen=True, kw_only=True)
class MixedPicture:
    """A result, and the faithful picture where it was made."""

    composed: RestoredPicture
    """Its picture is the mix."""
    faithful: Picture | None
    """At full strength; None = it was not needed."""


def compose_mix(
    picture: Picture,
    mix: Mix,
    size: tuple[int, int] | None = None,
    on_tile: OnTile = ignore_progress,
    *,
    keep_faithful: bool = False,
) -> MixedPicture:
    """Restore a picture as it is stored by each network that has a share, and mix.

    The crisp picture is mixed with the faithful one first, then both with the enlarged input.

    Args:
        picture: of 8 or 16 bits.
        mix: the networks and their shares.
        size: (width, height) of the upright result; None = the network's.
        on_tile: called with (tiles done, tiles in all), the crisp network's after the other's.
        keep_faithful: make the faithful picture even if it has no share.

    Raises:
        JCARSRError: as `compose`.
    """
    crisp = mix.crisp
    if crisp is None:
        composed = compose(picture, mix.faithful, size, on_tile)
        faithful = composed.picture
    elif mix.share == 1 and not keep_faithful:
        composed, faithful = compose(picture, crisp, size, on_tile), None
    else:
        first = compose(picture, mix.faithful, size, pass_of(on_tile, 0, 2))
        second = compose(picture, crisp, size, pass_of(on_tile, 1, 2))
        faithful = first.picture
        composed = RestoredPicture(
            blend_pictures(faithful, second.picture, mix.share),
            first.tile,
            first.full_precision_tiles + second.full_precision_tiles,
        )
    mixed = apply_strength(composed.picture, picture, mix.strength)
    return MixedPicture(composed=replace(composed, picture=mixed), faithful=faithful)


def blend_pictures(faithful: Picture, crisp: Picture, share: float) -> Picture:
    """Return `share` parts of the crisp picture and the rest of the faithful one, of one size."""
    alpha = faithful.alpha
    if alpha is not None and crisp.alpha is not None:
        alpha = blend(alpha, crisp.alpha, share)
    return replace(faithful, samples=blend(faithful.samples, crisp.samples, share), alpha=alpha)
