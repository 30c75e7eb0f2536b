"""The PyTorch engine."""

from __future__ import annotations

from typing import Literal, TypeAlias

import numpy as np
import torch

from jcarsr.errors import WeightsError
from jcarsr.model.jcarsr import JCARSR
from jcarsr.pixels import Planes
from jcarsr.weights import Weights

Device: TypeAlias = Literal["auto", "cpu", "cuda"]


class TorchEngine:
    """A JCARSR in PyTorch: float32 on the CPU, bfloat16 autocast on a GPU.

    Raises:
        WeightsError: the tensors are not those of the record's network.
        ValueError: CUDA is asked for and not there.
    """

    def __init__(self, weights: Weights, device: Device = "auto") -> None:
        if device == "cuda" and not torch.cuda.is_available():
            raise ValueError("device cuda is not available: no CUDA GPU, or a PyTorch without CUDA")
        on_gpu = torch.cuda.is_available() if device == "auto" else device == "cuda"
        self._device = torch.device("cuda" if on_gpu else "cpu")
        self._model = load_network(weights)
        self._model.to(self._device).to(memory_format=torch.channels_last)  # pyright: ignore[reportCallIssue]

    @property
    def scale(self) -> int:
        """Output size over input size."""
        return self._model.config.scale

    def run(self, lq: Planes) -> Planes:
        """(1, 3, H, W) float32 RGB in [0, 1] -> (1, 3, scale * H, scale * W) float32."""
        x = torch.from_numpy(lq).to(self._device).contiguous(memory_format=torch.channels_last)
        autocast = torch.autocast(
            self._device.type, torch.bfloat16, enabled=self._device.type == "cuda"
        )
        with torch.inference_mode(), autocast:
            sr = self._model.restore(x)
        return sr.float().cpu().numpy()


def load_network(weights: Weights) -> JCARSR:
    """The network of a weight file, in float32 on the CPU, ready to restore.

    Raises:
        WeightsError: the tensors are not those of the record's network.
    """
    model = JCARSR(weights.record.config)
    state = {k: torch.from_numpy(v.astype(np.float32)) for k, v in weights.tensors.items()}
    try:
        model.load_state_dict(state)
    except RuntimeError as error:
        name, reason = weights.record.name, str(error).splitlines()[-1].strip()
        raise WeightsError(f"{name}: tensors do not fit its network ({reason})") from error
    return model.eval()
