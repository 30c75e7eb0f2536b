"""Methods by name: `METHODS`, and the weights of any network."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

from jcarsr.engines.base import EngineOptions
from jcarsr.jpeg.decoded import Decoded
from jcarsr.jpeg.earlier_save import find_earlier_save
from jcarsr.methods.bicubic import Bicubic
from jcarsr.methods.chain import PREFIX, chain, save, share_scale, split_names
from jcarsr.methods.method import Method
from jcarsr.pixels import Pixels
from jcarsr.protocols import NETWORK_SCALES, SCALES
from jcarsr.restoring.choice import choose_weights
from jcarsr.restoring.compose import shrink
from jcarsr.restoring.networks import Networks
from jcarsr.weights import Record, find, read_record


@dataclass(frozen=True, kw_only=True)
class Context:
    """How methods are run: whole pictures at once, as the paper's scores are taken, or in tiles."""

    scale: int
    options: EngineOptions = field(default_factory=EngineOptions)
    ensemble: bool = False
    """Networks: the mean of eight turned and mirrored runs."""
    in_tiles: bool = False
    """Networks: in tiles and within memory, as files are restored."""

    def networks(self, name: str | None) -> Networks:
        """Networks that are run so; `name` as for `Networks`."""
        if self.in_tiles:
            return Networks(name, self.options, ensemble=self.ensemble)
        return Networks(name, self.options, tile=None, max_memory=None, ensemble=self.ensemble)


def find_method(name: str, context: Context) -> Method:
    """The method of that name, or the network of these weights.

    Args:
        name: a key of METHODS, the name of bundled weights, a weight file, or several of them:
            `chain:FIRST+SECOND`; of a chain may also be a save, such as jpeg100.
        context: what is asked of it.

    Raises:
        WeightsError: there is neither such a method nor such weights.
        ValueError: it enlarges by another scale, or the device is not there.
    """
    if name.startswith(PREFIX):
        return _chain(name.removeprefix(PREFIX), context)
    if name in METHODS:
        return METHODS[name](context)
    record = _record(name)
    networks, own = context.networks(name), record.facts.scale
    if context.scale not in _scales(name):
        does = f"enlarges by {own}" if own > 1 else "keeps the size"
        raise ValueError(f"{name} {does}, and {context.scale} is asked")
    networks.check_device()
    restorer = networks.restorer(own)

    def restore(decoded: Decoded) -> Pixels:
        sr = restorer.reading(decoded.last_save).restore(decoded.pixels)
        return sr if own == context.scale else _shrink(sr, decoded.pixels)

    return Method(
        name=f"{record.name}, ensemble" if context.ensemble else record.name,
        scale=context.scale,
        restore=restore,
        sha256=record.sha256,
        library=networks.library(own),
    )


def _chain(text: str, context: Context) -> Method:
    names = split_names(text)
    scales = share_scale([_scales(name) for name in names], context.scale)
    if scales is None:
        raise ValueError(f"{PREFIX}{text} does not enlarge by {context.scale}")
    return chain(
        [
            save(name) if _is_save(name) else find_method(name, replace(context, scale=scale))
            for name, scale in zip(names, scales, strict=True)
        ]
    )


def _is_save(name: str) -> bool:
    return name.startswith("jpeg") and not Path(name).is_file()


def _scales(name: str) -> tuple[int, ...]:
    """What a part of a chain can enlarge by."""
    if _is_save(name):
        return (1,)
    if name in METHODS:
        return NETWORK_SCALES if name == "bicubic" else SCALES
    own = _record(name).facts.scale
    return (1,) if own == 1 else (1, own)


def _record(name: str) -> Record:
    """What weights say of themselves.

    Raises:
        WeightsError: there are none of that name.
    """
    return read_record(find(name))


def _shrink(sr: Pixels, lq: Pixels) -> Pixels:
    """A result of the size of its input, as restoring at scale 1 makes it."""
    return shrink(sr, (lq.shape[1], lq.shape[0]))


def _bicubic(context: Context) -> Method:
    return Method.of_pixels("bicubic", Bicubic(context.scale))


def _auto(context: Context) -> Method:
    """The bundled weights that restoring would choose for each picture."""
    networks = context.networks(None)
    scale = networks.network_scale(context.scale)
    networks.check_device()

    def restore(decoded: Decoded) -> Pixels:
        earlier = find_earlier_save(decoded.pixels, decoded.last_save)
        chosen = choose_weights(scale, earlier)
        sr = networks.restorer(scale, chosen.name).restore(decoded.pixels)
        return sr if scale == context.scale else _shrink(sr, decoded.pixels)

    library = networks.library(scale)
    return Method(name="auto", scale=context.scale, restore=restore, library=library)


METHODS: dict[str, Callable[[Context], Method]] = {"bicubic": _bicubic, "auto": _auto}
"""Name -> what makes the method; a peer is a file in this folder and a row here."""
