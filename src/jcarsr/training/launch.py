"""Lightning Fabric, made for a run: devices, processes, precision and loggers."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jcarsr.devices import find_device
from jcarsr.training.options import RunOptions

if TYPE_CHECKING:
    from lightning_fabric import Fabric
    from lightning_fabric.plugins.precision import MixedPrecision


def launch(options: RunOptions) -> Fabric:
    """Start Fabric on one device, or on as many as torchrun has started processes for."""
    from lightning_fabric import Fabric  # here: to import it takes seconds
    from lightning_fabric.loggers.csv_logs import CSVLogger
    from lightning_fabric.loggers.tensorboard import TensorBoardLogger

    device = find_device(options.device)
    local = int(os.environ.get("LOCAL_WORLD_SIZE", "1"))
    logs = options.out / "logs"
    name = f"run-{len(_subfolders(logs)) + 1}"
    fabric = Fabric(
        accelerator=device,
        devices=local,
        num_nodes=int(os.environ.get("WORLD_SIZE", "1")) // local,
        strategy="ddp" if local > 1 else "auto",
        plugins=[_autocast(device)] if options.bfloat16 else None,
        loggers=[
            CSVLogger(logs, name="", version=name, flush_logs_every_n_steps=1),
            TensorBoardLogger(logs, name="", version=name),
        ],
    )
    fabric.launch()
    return fabric


def _autocast(device: str) -> MixedPrecision:
    """bfloat16 for what autocast computes in it; pictures, and sums with them, stay in float32.

    Fabric's own `bf16-mixed` rounds the input, too: of bright pixels by up to half of 255 levels.
    """
    from lightning_fabric.plugins.precision import MixedPrecision

    class Autocast(MixedPrecision):
        def convert_input(self, data: Any) -> Any:
            return data

    return Autocast("bf16-mixed", device)


def _subfolders(path: Path) -> list[Path]:
    return [child for child in path.iterdir() if child.is_dir()] if path.is_dir() else []
