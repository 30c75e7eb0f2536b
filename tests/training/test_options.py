import math
import os
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
    ("field", "values"),
    [
        ("max_minutes", (0, -1, math.nan, math.inf)),
        ("checkpoint_minutes", (-1, math.nan, math.inf)),
        ("checkpoint_part_mb", (0, -1, math.nan, math.inf)),
    ],
)
def test_what_is_no_time_or_size_is_refused(field: str, values: tuple[float, ...]) -> None:
    for value in values:
        with pytest.raises(ValueError, match=f"^{field} must be .* finite, got {value}$"):
            RunOptions(data=[Path()], out=Path(), **{field: value})  # pyright: ignore


def test_folder_that_cannot_be_made_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "weights.safetensors"
    file.touch()
    for out in (file, file / "deeper" / "still"):
        with pytest.raises(ValueError) as error:
            RunOptions(data=[Path()], out=out)
        assert str(error.value) == f"out {out}: {file} is no folder"
    RunOptions(data=[Path()], out=tmp_path / "new" / "deeper")
    assert list(tmp_path.iterdir()) == [file]


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such permissions")
def test_folder_that_cannot_be_written_to_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def read_only(path: Path, mode: int) -> bool:  # root may write everywhere
        return path.exists() and not mode & os.W_OK

    monkeypatch.setattr(os, "access", read_only)
    with pytest.raises(ValueError, match=f"{tmp_path} cannot be written to"):
        RunOptions(data=[Path()], out=tmp_path / "new")


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
