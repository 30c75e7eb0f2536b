"""One training step's losses: network and batch in, named terms out. Knows no engine."""

from __future__ import annotations

from typing import Literal, TypeAlias, cast

from torch import Tensor, nn

from jcarsr.data.bank import Batch
from jcarsr.losses import (
    charbonnier_loss,
    gradient_loss,
    harm_loss,
    log_rms_loss,
    pixel_loss,
    squared_loss,
)
from jcarsr.model.jcarsr import Restored
from jcarsr.ops import enlarge_bicubic

PixelError: TypeAlias = Literal["absolute", "squared", "log_rms"]


def loss_terms(
    model: nn.Module, batch: Batch, pixel_error: PixelError = "absolute"
) -> dict[str, Tensor]:
    """The terms of eq. 20 and ours, scalars in float32 whatever the network computes in."""
    errors = {"absolute": pixel_loss, "squared": squared_loss, "log_rms": log_rms_loss}
    out = cast(Restored, model(batch.lq))
    sr = out.sr.float()
    plain = enlarge_bicubic(batch.lq, sr.shape[-1] // batch.lq.shape[-1])
    return {
        "pixel": errors[pixel_error](sr, batch.hr),
        "gradient": gradient_loss(out.gradient.float(), batch.hr),
        "jcar": charbonnier_loss(out.lr.float(), batch.lr),
        "harm": harm_loss(sr, batch.hr, plain),
    }
