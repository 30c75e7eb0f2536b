"""A small set of held-out pictures, scored now and then while training."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from jcarsr.data.sources import Entry
from jcarsr.degradation.pipeline import Compression, degrade
from jcarsr.errors import DataError
from jcarsr.metrics.protocol import EvalProtocol
from jcarsr.model.jcarsr import JCARSR
from jcarsr.pixels import Pixels, to_planes, to_samples

QFS = (10, 40)
SIDE = 256  # pixels of the hr crop from a picture's centre


@dataclass(frozen=True)
class ValidationPair:
    """A crop and its compressed small version."""

    qf: int
    lq: Tensor  # (1, 3, H, W) float32 in [0, 1]
    hr: Pixels


def hold_out(entries: Sequence[Entry], count: int = 8) -> tuple[list[Entry], list[Entry]]:
    """(training, validation) pictures: `count` evenly spaced ones are kept from training.

    Raises:
        DataError: fewer than two pictures for each one held out.
    """
    if len(entries) < 2 * count:
        raise DataError(f"{len(entries)} pictures are too few to hold out {count} for validation")
    step = len(entries) / count
    held = {int(index * step) for index in range(count)}
    training = [entry for index, entry in enumerate(entries) if index not in held]
    return training, [entries[index] for index in sorted(held)]


def make_pairs(
    entries: Sequence[Entry], scale: int, trained: Sequence[int]
) -> list[ValidationPair]:
    """The centre of every picture at those of QFS that are trained on, else the lowest that is."""
    qfs = [qf for qf in QFS if qf in trained] or [min(trained)]
    pairs: list[ValidationPair] = []
    for entry in entries:
        hr = centre(entry.pixels(), scale)
        for qf in qfs:
            lq = degrade(hr, scale, Compression(qf=qf)).lq
            pairs.append(ValidationPair(qf, torch.from_numpy(to_planes(lq)), hr))
    return pairs


def centre(hr: Pixels, scale: int) -> Pixels:
    """The middle SIDE x SIDE pixels (or as many as there are), a multiple of `scale`."""
    height, width = (min(SIDE, size) // scale * scale for size in hr.shape[:2])
    top, left = ((size - kept) // 2 for size, kept in zip(hr.shape, (height, width), strict=False))
    return hr[top : top + height, left : left + width]


@torch.no_grad()
def validate(
    model: JCARSR, pairs: Sequence[ValidationPair], device: torch.device
) -> dict[str, float]:
    """Mean PSNR on Y in dB for every quality factor, named psnr_qf10 and so on."""
    protocol = EvalProtocol(border=model.config.scale)
    psnr: dict[int, list[float]] = {}
    for pair in pairs:
        sr = model.restore(pair.lq.to(device))[0].float().permute(1, 2, 0).cpu().numpy()
        score = protocol.score(to_samples(sr, np.uint8), pair.hr)
        psnr.setdefault(pair.qf, []).append(score.psnr)
    return {f"psnr_qf{qf}": sum(values) / len(values) for qf, values in psnr.items()}
