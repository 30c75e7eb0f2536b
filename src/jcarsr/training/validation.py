"""A small set of held-out pictures, scored now and then while training."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from jcarsr.data.sources import SourcePicture
from jcarsr.degradation.draw import Clean, Distribution, Once
from jcarsr.degradation.history import History, parse_history
from jcarsr.degradation.pipeline import low_resolution
from jcarsr.errors import DataError
from jcarsr.jpeg.grid import BLOCK
from jcarsr.metrics.protocol import EvalProtocol
from jcarsr.networks.network import Network, TableReader
from jcarsr.pixels import Pixels, to_planes, to_samples

ONCE = ("jpeg10", "jpeg40")
TWICE = ("jpeg20+4,4>jpeg90",)
SIDE = 256  # pixels of the hr crop from a picture's centre
SMALLEST = 32  # pixels of hr; smaller pictures are left out
_HELD_OUT = 8


@dataclass(frozen=True)
class ValidationPair:
    """A crop and its degraded small version."""

    history: str
    lq: Tensor
    """(1, 3, H, W) float32 in [0, 1]."""
    hr: Pixels
    tables: Tensor
    """(1, 2, 8, 8) of the last save."""


def hold_out(
    entries: Sequence[SourcePicture],
) -> tuple[list[SourcePicture], list[SourcePicture]]:
    """(training, validation) pictures: eight evenly spaced ones are kept from training.

    Raises:
        DataError: fewer than two pictures for each one held out.
    """
    if len(entries) < 2 * _HELD_OUT:
        raise DataError(
            f"{len(entries)} pictures are too few to hold out {_HELD_OUT} for validation: "
            f"at least {2 * _HELD_OUT} are needed"
        )
    step = len(entries) / _HELD_OUT
    held = {int(index * step) for index in range(_HELD_OUT)}
    training = [entry for index, entry in enumerate(entries) if index not in held]
    return training, [entries[index] for index in sorted(held)]


def validation_histories(trained: Distribution) -> tuple[History, ...]:
    """What to validate on, given what is trained on.

    Pictures saved once at QF 10 and 40, or at the lowest trained quality if it is neither; where
    pictures saved more than once are trained on, also one saved twice; clean ones where those are.
    """
    if isinstance(trained, Clean):
        return (parse_history("png"),)
    if isinstance(trained, Once):
        words = [w for w in ONCE if int(w.removeprefix("jpeg")) in trained.qfs]
        return tuple(map(parse_history, words or [f"jpeg{min(trained.qfs)}"]))
    return tuple(map(parse_history, ONCE + TWICE))


def make_pairs(
    entries: Sequence[SourcePicture],
    scale: int,
    histories: Sequence[History],
    network_scale: int | None = None,
) -> list[ValidationPair]:
    """The centre of every picture after each of `histories`.

    Args:
        entries: the pictures.
        scale: how many times smaller than hr the network's input is.
        histories: what they go through.
        network_scale: 1 = the truth is the small picture; None = `scale`.

    Raises:
        DataError: a picture cannot be read, or all are smaller than SMALLEST.
    """
    pairs: list[ValidationPair] = []
    for entry in entries:
        hr = centre(entry.pixels(), scale)
        if min(hr.shape[:2]) < SMALLEST:
            continue
        lr = low_resolution(hr, scale)
        for history in histories:
            lq = torch.from_numpy(to_planes(history(hr, lr)))
            truth = lr if network_scale == 1 else hr
            tables = torch.from_numpy(history.last_save.tables)
            pairs.append(ValidationPair(str(history), lq, truth, tables))
    return _not_none(pairs)


def given_pairs(
    entries: Sequence[SourcePicture],
    scale: int,
    network_scale: int | None = None,
    *,
    on_grid: bool = False,
) -> list[ValidationPair]:
    """The centre of every picture with the same part of its own degraded version.

    Args:
        entries: the pictures, `scale` times as large as their degraded versions.
        scale: as `make_pairs`.
        network_scale: as `make_pairs`.
        on_grid: the degraded version's part begins on the JPEG grid, up to 7 pixels off the centre.

    Raises:
        DataError: as `make_pairs`.
    """
    pairs: list[ValidationPair] = []
    for entry in entries:
        assert entry.lq is not None
        lq = entry.lq.pixels()
        height, width = (min(SIDE // scale, size) for size in lq.shape[:2])
        if scale * min(height, width) < SMALLEST:
            continue
        top, left = (lq.shape[0] - height) // 2, (lq.shape[1] - width) // 2
        if on_grid:
            top, left = top - top % BLOCK, left - left % BLOCK
        small = np.s_[top : top + height, left : left + width]
        large = np.s_[scale * top : scale * (top + height), scale * left : scale * (left + width)]
        planes = torch.from_numpy(to_planes(lq[small]))
        hr = entry.pixels()
        truth = low_resolution(hr, scale)[small] if network_scale == 1 else hr[large]
        tables = torch.from_numpy(entry.lq.last_save().tables)
        pairs.append(ValidationPair("pairs", planes, truth, tables))
    return _not_none(pairs)


def _not_none(pairs: list[ValidationPair]) -> list[ValidationPair]:
    if not pairs:
        raise DataError(f"no picture of at least {SMALLEST}x{SMALLEST} pixels to validate on")
    return pairs


def centre(hr: Pixels, scale: int) -> Pixels:
    """The middle SIDE x SIDE pixels (or as many as there are), a multiple of `scale`."""
    height, width = (min(SIDE, size) // scale * scale for size in hr.shape[:2])
    top, left = ((size - kept) // 2 for size, kept in zip(hr.shape, (height, width), strict=False))
    return hr[top : top + height, left : left + width]


@torch.no_grad()
def validate(
    model: Network, pairs: Sequence[ValidationPair], device: torch.device
) -> dict[str, float]:
    """Mean PSNR on Y in dB for every history, named psnr_jpeg10 and so on."""
    protocol = EvalProtocol(border=model.facts.scale)
    psnr: dict[str, list[float]] = {}
    for pair in pairs:
        lq = pair.lq.to(device)
        if isinstance(model, TableReader):
            restored = model.restore(lq, pair.tables.to(device))
        else:
            restored = model.restore(lq)
        sr = restored[0].float().permute(1, 2, 0).cpu().numpy()
        decibels = protocol.psnr(to_samples(sr, np.uint8), pair.hr)
        psnr.setdefault(pair.history, []).append(decibels)
    return {f"psnr_{word}": sum(values) / len(values) for word, values in psnr.items()}
