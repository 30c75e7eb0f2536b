"""One training step's losses: network and batch in, named terms out. Knows no engine."""

from __future__ import annotations

from typing import cast

from torch import Tensor, nn

from jcarsr.data.bank import Batch
from jcarsr.loss_weights import LossWeights, PixelError
from jcarsr.losses import (
    charbonnier_loss,
    gradient_loss,
    harm_loss,
    log_rms_loss,
    pixel_loss,
    squared_loss,
    texture_loss,
    total_loss,
)
from jcarsr.networks.network import Prediction
from jcarsr.ops import enlarge_bicubic, image_gradient
from jcarsr.protocols import Output


def loss_terms(
    model: nn.Module, batch: Batch, pixel_error: PixelError, weights: LossWeights
) -> dict[str, Tensor]:
    """The terms of eq. 20 and ours, and `loss`, their weighted sum; scalars in float32.

    A term is computed where its weight is not 0. What a network of scale 1 restores is held against
    lr, not hr.

    Raises:
        ValueError: as `LossWeights.for_outputs`.
    """
    errors = {"absolute": pixel_loss, "squared": squared_loss, "log_rms": log_rms_loss}
    read = (batch.lq,) if batch.tables is None else (batch.lq, batch.tables)
    out = cast(Prediction, model(*read))
    terms: dict[str, Tensor] = {}
    sr = out.sr.float()
    weights = weights.for_outputs(_outputs(out, batch))
    hr = batch.lr if sr.shape == batch.lr.shape else batch.hr
    if weights.pixel:
        terms["pixel"] = errors[pixel_error](sr, hr)
    if weights.gradient and out.gradient is not None:
        terms["gradient"] = gradient_loss(out.gradient.float(), batch.hr)
    if weights.jcar and out.lr is not None:
        terms["jcar"] = charbonnier_loss(out.lr.float(), batch.lr)
    if weights.sr_gradient:
        terms["sr_gradient"] = gradient_loss(image_gradient(sr), batch.hr)
    if weights.harm:
        plain = enlarge_bicubic(batch.lq, sr.shape[-1] // batch.lq.shape[-1])
        terms["harm"] = harm_loss(sr, hr, plain)
    if weights.texture:
        terms["texture"] = texture_loss(sr, hr)
    return {"loss": total_loss(terms, weights), **terms}


def _outputs(out: Prediction, batch: Batch) -> list[Output]:
    """What was predicted; `sr` of the input's size is output lr."""
    if out.sr.shape == batch.lq.shape:
        return ["lr"]
    found: dict[Output, Tensor | None] = {"sr": out.sr, "lr": out.lr, "gradient": out.gradient}
    return [name for name, value in found.items() if value is not None]
