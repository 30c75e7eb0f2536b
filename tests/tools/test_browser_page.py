import re
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture
def modules(tool: ModuleType, tmp_path: Path) -> Path:
    """npm's folder, with files in the packages' places."""
    folder = tmp_path / "node_modules"
    for file in tool.RUNTIME:
        (folder / file).parent.mkdir(parents=True, exist_ok=True)
        (folder / file).write_text(file)
    return folder


def test_everything_that_a_file_names_is_in_the_folder(
    tool: ModuleType, modules: Path, tmp_path: Path
) -> None:
    out = tmp_path / "page"
    out.mkdir()
    (out / "stale.js").touch()
    tool.build(out, modules, ("jcarsr-lite-x2",))
    assert not (out / "stale.js").exists()
    assert (out / "jcarsr-lite-x2.onnx").stat().st_size > 9 * 10**5
    assert (out / "ort.js").read_text().endswith("bundle.min.mjs")
    named = 0
    for path in [*out.rglob("*.js"), *out.rglob("*.html")]:
        for link in re.findall(r'(?:from|src=|href=) ?"([^"#]+)"', path.read_text("utf-8")):
            assert (path.parent / link).is_file(), (path, link)
            named += 1
    assert named > 20
    page = (out / "index.html").read_text("utf-8")
    drawn = set(re.findall(r'<symbol id="([\w-]+)"', page))
    assert set(re.findall(r'<use href="#([\w-]+)"', page)) | {"auto", "sun", "moon"} <= drawn
    assert "<!-- shared" not in page
    ids = re.findall(r' id="([\w-]+)"', page)
    assert len(set(ids)) == len(ids)
    scripts = "".join(
        (ROOT / "browser" / name).read_text("utf-8") for name in ("main.js", "demo.js")
    )
    assert set(re.findall(r'byId\("([\w-]+)"', scripts)) <= set(ids)


def test_a_part_that_the_servers_page_does_not_have_is_an_error(tool: ModuleType) -> None:
    with pytest.raises(FileNotFoundError, match=r"index\.html: has no part nothing"):
        tool.fill_in("<body>\n  <!-- shared: nothing -->\n</body>\n")


def test_the_modules_are_the_server_pages_own(
    tool: ModuleType, modules: Path, tmp_path: Path
) -> None:
    tool.build(tmp_path / "page", modules, ())
    copied = list((tmp_path / "page/viewer").iterdir())
    assert {"stage.js", "camera.js", "gestures.js", "stage.css"} <= {path.name for path in copied}
    for path in copied:
        assert path.read_bytes() == (ROOT / "src/jcarsr/web/static" / path.name).read_bytes()


def test_without_the_packages_the_command_is_said_and_nothing_is_lost(
    tool: ModuleType,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    kept = tmp_path / "page/kept"
    kept.parent.mkdir()
    kept.touch()
    words = ["tool", "--out", str(kept.parent), "--modules", str(tmp_path / "none")]
    monkeypatch.setattr("sys.argv", words)
    assert tool.main() == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert "npm ci" in line
    assert kept.exists()


def test_the_policy_allows_the_own_origin_alone() -> None:
    page = (ROOT / "browser/index.html").read_text("utf-8")
    (policy,) = re.findall(r'http-equiv="Content-Security-Policy" content="([^"]+)"', page)
    allowed = {word for rule in policy.split(";") for word in rule.split()[1:]}
    assert allowed == {"'none'", "'self'", "'wasm-unsafe-eval'", "blob:"}
    assert policy.startswith("default-src 'none';")


def test_the_words_name_every_graph(tool: ModuleType) -> None:
    script = (ROOT / "browser/main.js").read_text("utf-8")
    weights = re.findall(r'value: "(jcarsr-[\w-]+)"', script)
    assert {f"{name}-x{scale}" for name in weights for scale in (2, 4)} == set(tool.GRAPHS)
