"""What tests that train have in common."""

import os
import signal
from pathlib import Path

import pytest
import torch

from jcarsr.data.bank import Bank, Batch
from jcarsr.training import loop, validation
from jcarsr.training.options import RunOptions
from jcarsr.training.recipes import Recipe
from jcarsr.training.report import Reporter


@pytest.fixture(autouse=True)
def flops(monkeypatch: pytest.MonkeyPatch) -> int:
    """The operations of every step; to count them, as test_meter.py does, outlasts the runs."""
    count = 10**9

    def step_flops(recipe: Recipe) -> int:
        return count

    monkeypatch.setattr(loop, "step_flops", step_flops)
    return count


@pytest.fixture
def two_held_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two pictures are held out, not eight: to score eight takes longer than the runs' steps."""
    monkeypatch.setattr(validation, "_HELD_OUT", 2)


def options(folder: Path, out: Path, **changes: object) -> RunOptions:
    fields = {"data": [folder], "out": out, "device": "cpu", "log_every": 1} | changes
    return RunOptions(**fields)  # pyright: ignore


class Messages(Reporter):
    def __init__(self) -> None:
        self.texts: list[str] = []

    def message(self, text: str) -> None:
        self.texts.append(text)


def stop_after(monkeypatch: pytest.MonkeyPatch, steps: int) -> None:
    """Send this process SIGTERM while it draws the batch of the given step."""
    draw, calls = Bank.draw, 0

    def counting(self: Bank, batch_size: int, generator: torch.Generator) -> Batch:
        nonlocal calls
        calls += 1
        if calls == steps:
            os.kill(os.getpid(), signal.SIGTERM)
        return draw(self, batch_size, generator)

    monkeypatch.setattr(Bank, "draw", counting)
