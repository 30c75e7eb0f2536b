"""What tests that train have in common."""

import pytest

from jcarsr.training import loop
from jcarsr.training.recipes import Recipe


@pytest.fixture(autouse=True)
def flops(monkeypatch: pytest.MonkeyPatch) -> int:
    """The operations of every step; to count them, as test_meter.py does, outlasts the runs."""
    count = 10**9

    def step_flops(recipe: Recipe) -> int:
        return count

    monkeypatch.setattr(loop, "step_flops", step_flops)
    return count
