import importlib.util
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from PIL import Image


@pytest.fixture
def pages(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The program, which writes fewer pages here."""
    path = Path(__file__).parents[2] / "examples" / "pages.py"
    spec = importlib.util.spec_from_file_location("pages", path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    assert module.COUNTS == {"train": 60, "test": 12}
    monkeypatch.setattr(module, "COUNTS", {"train": 3, "test": 2})
    return module


def test_pages_are_all_different_and_the_same_every_time(pages: ModuleType, tmp_path: Path) -> None:
    """None of those to measure on is among those to train on."""
    made: list[dict[str, bytes]] = []
    for out in (tmp_path / "a", tmp_path / "b"):
        pages.main(out)
        files = sorted(out.rglob("*.png"))
        made.append({path.relative_to(out).as_posix(): path.read_bytes() for path in files})
    assert made[0] == made[1]
    assert len(made[0]) == len(set(made[0].values())) == 5
    assert sum(name.startswith("test/") for name in made[0]) == 2
    for path in (tmp_path / "a").rglob("*.png"):
        with Image.open(path) as image:
            pixels = np.asarray(image.convert("L"), np.float64)
        assert pixels.shape == (288, 384)
        assert 15 < pixels.std() < 100  # ink on paper
