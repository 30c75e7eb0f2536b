import sys

import pytest
from typer.testing import CliRunner

from jcarsr import TrainingError
from jcarsr.cli import app


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["slow"], "slow: no such recipe, there are paper, short, finish, settle"),
        (["short", "--preset", "big"], "--preset big"),
        (["short", "--precision", "fp8"], "--precision fp8"),
        (["short", "--batch-size", "0"], "batch_size must be positive, got 0"),
    ],
)
def test_wrong_usage_is_told(arguments: list[str], message: str) -> None:
    result = CliRunner().invoke(app, ["train", *arguments, "--data", "x", "--out", "y"])
    assert result.exit_code == 2
    assert message in result.stderr


def test_missing_engine_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "jcarsr.training.run", None)
    monkeypatch.setitem(sys.modules, "lightning", None)
    result = CliRunner().invoke(app, ["train", "short", "--data", "x", "--out", "y"])
    assert isinstance(result.exception, TrainingError)
    assert "pip install 'jcarsr[train]'" in str(result.exception)
