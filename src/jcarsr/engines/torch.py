"""The PyTorch engine."""

from __future__ import annotations

import threading
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from jcarsr.devices import open_device, supports_bfloat16, try_device
from jcarsr.engines.base import EngineOptions, out_of_memory
from jcarsr.errors import DeviceError, WeightsError, one_line
from jcarsr.networks.catalog import build
from jcarsr.networks.limit import at_most
from jcarsr.networks.network import Network, TableReader
from jcarsr.pixels import Planes, Tables
from jcarsr.protocols import Device, Output, Precision
from jcarsr.weights import Weights, check_output, read, read_record

_SHIFTS = 2**16
"""Values that a network may have without tensors: tables and shifts that follow from its sizes."""


class TorchBackend:
    """PyTorch; the outputs of a weight file share one network.

    Raises:
        ValueError: the device is not there, or cannot compute.
    """

    def __init__(self, options: EngineOptions) -> None:
        self._device = open_device(options.device, options.gpu)
        if self._device.type != "cpu":
            try_device(self._device)
        self._precision: Precision = options.precision
        self._engines: dict[Path, TorchEngine] = {}
        self._lock = threading.Lock()
        if options.threads is not None:
            torch.set_num_threads(options.threads)

    def open(self, path: Path, output: Output) -> TorchEngine:
        """Load a weight file's network.

        Raises:
            WeightsError: damaged, its tensors are not those of its network, or the network has no
                such output.
            DeviceError: the GPU computes no more, or has no memory for the network.
        """
        check_output(read_record(path), output)
        with self._lock:
            if path not in self._engines:
                self._engines[path] = self._load(path)
            return self._engines[path].for_output(output)

    def _load(self, path: Path) -> TorchEngine:
        try:
            return TorchEngine(read(path), self._device, precision=self._precision)
        except RuntimeError as error:
            if type(error).__name__ == "OutOfMemoryError":
                reason = f"{self._device}: not enough memory for the network"
                raise DeviceError(reason) from error
            lost = _lost_device(error, self._device)
            if lost is None:
                raise
            raise lost from error


class TorchEngine:
    """A network in PyTorch; auto precision is bfloat16 on GPUs of CUDA that have it, else float32.

    Raises:
        WeightsError: the tensors are not those of the record's network.
        ValueError: the device is not there.
    """

    def __init__(
        self,
        weights: Weights | Network,
        device: Device | torch.device = "auto",
        output: Output = "sr",
        precision: Precision = "auto",
    ) -> None:
        self._device = device if isinstance(device, torch.device) else open_device(device)
        if isinstance(weights, Network):
            self._model = weights
        else:
            self._model = load_network(weights)
            self._model.fuse(final=True)
        self._model.to(self._device).to(memory_format=torch.channels_last)  # pyright: ignore[reportCallIssue]
        self._output: Output = output
        if precision == "auto":
            on_gpu = self._device.type == "cuda"
            able = on_gpu and supports_bfloat16("cuda", self._device.index)
            precision = "bfloat16" if able else "float32"
        self._precision: Precision = precision

    def for_output(self, output: Output) -> TorchEngine:
        """The same network, asked for another output; the weights are shared."""
        return TorchEngine(self._model, self._device, output, self._precision)

    @property
    def scale(self) -> int:
        """Output size over input size."""
        return self._model.facts.output_scale(self._output)

    @property
    def bytes_per_pixel(self) -> int:
        """Memory that `run` takes for each pixel of its input, an upper estimate."""
        return self._model.facts.bytes_per_pixel(self._output)

    def run(
        self, lq: Planes, *, full_precision: bool = False, tables: Tables | None = None
    ) -> Planes:
        """(1, 3, H, W) float32 RGB in [0, 1] -> (1, 3, scale * H, scale * W) float32.

        Raises:
            MemoryLimitError: not enough memory for an input of this size.
            DeviceError: the GPU computes no more.
            ValueError: the network reads tables, and there are none.
        """
        low_precision = self._precision == "bfloat16" and not full_precision
        try:
            x = torch.from_numpy(lq).to(self._device).contiguous(memory_format=torch.channels_last)
            autocast = torch.autocast(self._device.type, torch.bfloat16, enabled=low_precision)
            with torch.inference_mode(), autocast:
                return self._predict(x, tables).float().cpu().numpy()
        except (MemoryError, RuntimeError) as error:
            clear = out_of_memory(error, lq) or _lost_device(error, self._device)
            if clear is None:
                raise
            raise clear from error

    def _predict(self, x: Tensor, tables: Tables | None) -> Tensor:
        if not isinstance(self._model, TableReader):
            return self._model.predict(x, self._output)
        steps = None if tables is None else torch.from_numpy(tables).to(self._device)
        return self._model.predict(x, self._output, steps)


def _lost_device(error: Exception, device: torch.device) -> DeviceError | None:
    """Return what to raise for an error after which CUDA computes no more in this process."""
    lines = [line.strip() for line in str(error).splitlines()]
    if "CUDA error" not in str(error) or "out of memory" in str(error):
        return None
    return DeviceError(f"{device}: {next(line for line in lines if 'CUDA error' in line)}")


def load_network(weights: Weights) -> Network:
    """The network of a weight file, in float32 on the CPU, ready to restore.

    Raises:
        WeightsError: there is no such network, the tensors are not its, or what the record says of
            it is not so.
    """
    record = weights.record
    values = sum(tensor.size for tensor in weights.tensors.values())
    try:
        with at_most(2 * values + _SHIFTS), torch.device("meta"):  # before it takes memory
            sketch = build(record.architecture, record.config)
        for fact in ("scale", "outputs", "reads"):
            said, own = getattr(record.facts, fact), getattr(sketch.facts, fact)
            if said != own:
                raise ValueError(f"its record says {fact} {said!r}, its network has {own!r}")
        model = build(record.architecture, record.config)
    except (ValueError, RuntimeError) as error:
        raise WeightsError(f"{record.name}: {one_line(error)}") from error
    state = {k: torch.from_numpy(v.astype(np.float32)) for k, v in weights.tensors.items()}
    try:
        model.load_state_dict(state)
    except RuntimeError as error:
        reason = str(error).splitlines()[-1].strip()
        raise WeightsError(f"{record.name}: tensors do not fit its network ({reason})") from error
    return model.eval()
