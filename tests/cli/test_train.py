import pytest
from typer.testing import CliRunner

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
