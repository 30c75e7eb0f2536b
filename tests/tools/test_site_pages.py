"""The staged documents, and the site that is built from them."""

import subprocess
import sys
from pathlib import Path
from types import ModuleType

ROOT = Path(__file__).parents[2]


def test_links_into_the_repository_become_pages_or_text(tool: ModuleType, tmp_path: Path) -> None:
    text = "[log](training-log.md#x) [card](../src/jcarsr/pretrained/README.md) [app](../src/a.py)"
    page = tmp_path / "reference" / "a.md"
    said = tool.relink(text, page, ROOT / "docs" / "a.md", tmp_path)
    assert said == (
        "[log](../training-log.md#x) [card](../reference/model-card.md) app (`src/a.py`)"
    )


def test_links_elsewhere_stay(tool: ModuleType) -> None:
    text = "[a](https://example.org/x.md) [b](#part)"
    home = ROOT / "docs" / "a.md"
    assert tool.relink(text, home, home, ROOT / "docs") == text


def test_the_site_is_built_without_a_warning(tool: ModuleType, tmp_path: Path) -> None:
    docs = tmp_path / "docs"
    tool.stage(docs)
    commands = (docs / "reference/commands.md").read_text("utf-8")
    for name in ("restore", "inspect", "evaluate", "train", "export", "serve"):
        assert f"## `jcarsr {name}`" in commands
    http = (docs / "reference/http.md").read_text("utf-8")
    assert "## POST /v1/restore" in http
    assert "| `scale` |" in http

    config = (ROOT / "zensical.toml").read_text("utf-8").replace('"build/docs"', '"docs"')
    config = config.replace('paths = ["src"]', f"paths = ['{ROOT / 'src'}']")
    (tmp_path / "zensical.toml").write_text(config, "utf-8")
    words = [sys.executable, "-m", "zensical", "build", "--strict", "--clean"]
    done = subprocess.run(words, cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "griffe" not in done.stdout + done.stderr
    assert "PSNR" in (tmp_path / "site/results/index.html").read_text("utf-8")
    assert "Restorer" in (tmp_path / "site/reference/python/index.html").read_text("utf-8")
