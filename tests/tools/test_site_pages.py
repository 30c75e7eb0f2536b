"""The staged documents, and the site that is built from them."""

import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parents[2]
DEMO_FILES = ("index.html", "main.js", "ort.wasm", "net.onnx", "LICENSE", "viewer/stage.js")


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


def make_demo(folder: Path) -> Path:
    """Files of the kinds that the page for browsers has."""
    (folder / "viewer").mkdir(parents=True)
    for name in DEMO_FILES:
        (folder / name).write_text(f"<!doctype html><title>{name}</title>")
    return folder


def test_without_the_built_demo_no_link_leads_to_it(tool: ModuleType, tmp_path: Path) -> None:
    shutil.copytree(ROOT / "docs", tmp_path / "docs")
    before = sorted(path.name for path in (tmp_path / "docs").iterdir())
    tool.add_demo(tmp_path / "docs", tmp_path / "not built")
    assert sorted(path.name for path in (tmp_path / "docs").iterdir()) == before
    for page in (tmp_path / "docs").glob("*.md"):
        assert "demo/index.html" not in page.read_text("utf-8")


@pytest.mark.slow  # CI builds the site, too
def test_the_site_is_built_without_a_warning(
    tool: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    docs = tmp_path / "docs"
    tool.stage(docs)
    gallery = sys.modules["gallery"]
    piece = replace(gallery.PIECES[0], size=(48, 64))
    monkeypatch.setattr(gallery, "PIECES", (piece,))
    gallery.write_gallery(docs)
    tool.add_demo(docs, make_demo(tmp_path / "built"))
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
    assert f'src="../gallery/{piece.name}.html"' in (
        tmp_path / "site/gallery/index.html"
    ).read_text("utf-8")
    assert (tmp_path / f"site/gallery/{piece.name}.html").is_file()
    assert "PSNR" in (tmp_path / "site/results/index.html").read_text("utf-8")
    reference = (tmp_path / "site/reference/python/index.html").read_text("utf-8")
    assert "Restorer" in reference
    assert 'id="jcarsr.ReadOptions.max_memory"' in reference  # fields are listed, with their text
    assert "Bytes that decoding may take, about; None = no limit." in reference
    for name in DEMO_FILES:
        assert (tmp_path / "site/demo" / name).read_bytes() == (
            tmp_path / "built" / name
        ).read_bytes()
    assert 'href="../demo/index.html"' in (tmp_path / "site/browser/index.html").read_text("utf-8")
    assert 'href="demo/index.html"' in (tmp_path / "site/index.html").read_text("utf-8")
