from pathlib import Path
from types import ModuleType

import pytest


@pytest.mark.parametrize("names", [[], ["a.whl", "b.whl"], ["a.tar.gz"]])
def test_one_wheel_is_tried(tool: ModuleType, tmp_path: Path, names: list[str]) -> None:
    """An old one next to the new one might be the one that is tried."""
    for name in names:
        (tmp_path / name).touch()
    with pytest.raises(ValueError, match="wheels, not one"):
        tool.try_wheel(tmp_path)


@pytest.mark.slow
def test_wheel_that_cannot_be_installed_is_an_error(tool: ModuleType, tmp_path: Path) -> None:
    (tmp_path / "jcarsr-1-py3-none-any.whl").write_bytes(b"no wheel")
    with pytest.raises(tool.subprocess.CalledProcessError):
        tool.try_wheel(tmp_path)
