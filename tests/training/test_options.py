from pathlib import Path

import pytest

from jcarsr.training import options as options_module
from jcarsr.training.options import RunOptions


@pytest.mark.parametrize("name", ["", "a b", "a/b", "a|b"])
def test_name_that_would_spoil_a_table_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="name must be of letters") as error:
        RunOptions(data=[Path()], out=Path(), name=name)
    assert repr(name) in str(error.value)


@pytest.mark.parametrize(
    ("asked", "able", "taken"),
    [
        ("auto", True, True),
        ("auto", False, False),
        ("bfloat16", False, True),
        ("float32", True, False),
    ],
)
def test_precision_is_what_was_asked_for_or_what_the_device_has(
    monkeypatch: pytest.MonkeyPatch, asked: str, able: bool, taken: bool
) -> None:
    monkeypatch.setattr(options_module, "supports_bfloat16", lambda device: able)
    options = RunOptions(data=[Path()], out=Path(), device="cpu", precision=asked)  # pyright: ignore
    assert options.bfloat16 is taken
