"""One training step's losses: network and batch in, named terms out. Knows no engine."""

from __future__ import annotations

from typing import cast

from torch import Tensor, nn

from jcarsr.data.bank import Batch
from jcarsr.losses import charbonnier_loss, gradient_loss, pixel_loss
from jcarsr.model.jcarsr import Restored


def loss_terms(model: nn.Module, batch: Batch) -> dict[str, Tensor]:
    """The terms of eq. 20, each a scalar in float32 whatever the network computes in."""
    out = cast(Restored, model(batch.lq))
    return {
        "pixel": pixel_loss(out.sr.float(), batch.hr),
        "gradient": gradient_loss(out.gradient.float(), batch.hr),
        "jcar": charbonnier_loss(out.lr.float(), batch.lr),
    }
