"""One training step's losses: network and batch in, named terms out. Knows no engine."""

from __future__ import annotations

from typing import cast

from torch import Tensor, nn

from jcarsr.data.bank import Batch
from jcarsr.loss_weights import PixelError as PixelError
from jcarsr.losses import (
    LossWeights,
    charbonnier_loss,
    gradient_loss,
    harm_loss,
    log_rms_loss,
    pixel_loss,
    squared_loss,
    total_loss,
)
from jcarsr.networks.network import Restored
from jcarsr.ops import enlarge_bicubic, image_gradient


def loss_terms(
    model: nn.Module, batch: Batch, pixel_error: PixelError, weights: LossWeights
) -> dict[str, Tensor]:
    """The terms of eq. 20 and ours, and `loss`, their weighted sum; scalars in float32.

    A term is computed where its weight is not 0 and the network has the output.
    """
    errors = {"absolute": pixel_loss, "squared": squared_loss, "log_rms": log_rms_loss}
    out = cast(Restored, model(batch.lq))
    terms: dict[str, Tensor] = {}
    sr = out.sr.float()
    if weights.pixel:
        terms["pixel"] = errors[pixel_error](sr, batch.hr)
    if weights.gradient and out.gradient is not None:
        terms["gradient"] = gradient_loss(out.gradient.float(), batch.hr)
    if weights.jcar and out.lr is not None:
        terms["jcar"] = charbonnier_loss(out.lr.float(), batch.lr)
    if weights.sr_gradient:
        terms["sr_gradient"] = gradient_loss(image_gradient(sr), batch.hr)
    if weights.harm:
        plain = enlarge_bicubic(batch.lq, sr.shape[-1] // batch.lq.shape[-1])
        terms["harm"] = harm_loss(sr, batch.hr, plain)
    return {"loss": total_loss(terms, weights), **terms}
