"""Which weights do what is asked, loaded when they are first needed."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from jcarsr.errors import WeightsError
from jcarsr.inference.memory import DEFAULT_MAX_MEMORY
from jcarsr.inference.restorer import DEFAULT_TILE, NetworkRestorer
from jcarsr.inference.target import SCALES
from jcarsr.inference.tiling import plan
from jcarsr.weights import Record, default_name, find, read, read_record

if TYPE_CHECKING:
    from jcarsr.inference.torch_engine import Device, TorchEngine


class Networks:
    """One network a scale; may be used from several threads.

    Args:
        name: bundled weights or a weight file, for its own scale and for 1; None = the bundled
            weights for each scale.
        device: auto takes a GPU if there is one.
        tile: side of a tile in input pixels, a multiple of 16; None = the whole picture at once.
        max_memory: bytes that one picture may take beside the weights; None = no limit.

    Raises:
        WeightsError: no such weights.
        ValueError: `tile` is wrong.
    """

    def __init__(
        self,
        name: str | None = None,
        *,
        device: Device = "auto",
        tile: int | None = DEFAULT_TILE,
        max_memory: int | None = DEFAULT_MAX_MEMORY,
    ) -> None:
        if tile is not None:
            plan(1, tile)  # a wrong tile is refused here
        self._name, self._tile, self.max_memory = name, tile, max_memory
        self._device: Device = device
        own = None if name is None else read_record(find(name)).config.scale
        self.scales = SCALES if own is None else (1, own)
        self._engines: dict[str, TorchEngine] = {}
        self._records: dict[int, Record] = {}
        self._lock = threading.Lock()

    def check_device(self) -> None:
        """Raises ValueError if the device is not there."""
        if self._device == "cuda":
            import torch

            if not torch.cuda.is_available():
                raise ValueError(f"device {self._device} is not available")

    def record(self, scale: int) -> Record:
        """What the weights for `scale` say of themselves, without loading them.

        Raises:
            WeightsError: none for this scale.
        """
        with self._lock:
            if scale not in self._records:
                self._records[scale] = read_record(find(self._weights(scale)))
            return self._records[scale]

    def restorer(self, scale: int) -> NetworkRestorer:
        """The network that enlarges by `scale`; 1 = the artifact removal branch alone.

        Raises:
            WeightsError: none for this scale, or they are damaged.
            ValueError: the device is not there.
        """
        engine = self._engine(scale)
        if scale == 1:
            engine = engine.asked_for("lr")
        return NetworkRestorer(engine, self._tile, self.max_memory)

    def gradient(self, scale: int) -> NetworkRestorer:
        """The gradient branch of the network for `scale`; for 1 it enlarges nevertheless.

        Raises:
            WeightsError, ValueError: as `restorer`.
        """
        engine = self._engine(scale).asked_for("gradient")
        return NetworkRestorer(engine, self._tile, self.max_memory, keep_mean=False)

    def _weights(self, scale: int) -> str:
        if scale not in self.scales:
            own = self.scales[-1]
            raise WeightsError(f"{self._name}: enlarges by {own}, and {scale} is needed")
        return self._name or default_name(2 if scale == 1 else scale)

    def _engine(self, scale: int) -> TorchEngine:
        from jcarsr.inference.torch_engine import TorchEngine

        name = self._weights(scale)
        with self._lock:
            if name not in self._engines:
                self._engines[name] = TorchEngine(read(find(name)), self._device)
            return self._engines[name]
