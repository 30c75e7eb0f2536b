"""Put together the page that restores in the browser: one folder that needs no server of ours.

    npm ci --prefix browser --ignore-scripts
    python tools/browser_page.py --out build/browser

The folder holds the page's own files from browser/, the modules and parts of the server's page that
they use, ONNX Runtime Web from browser/node_modules, and the one-file graphs.
"""

from __future__ import annotations

import argparse
import re
import shutil
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from jcarsr.errors import JCARSRError
from jcarsr.export.single import export_single, single_path
from jcarsr.weights import find

ROOT = Path(__file__).parents[1]
SOURCES = ROOT / "browser"
SERVER_PAGE = ROOT / "src/jcarsr/web/static"
GRAPHS = ("jcarsr-lite-x2", "jcarsr-lite-x4", "jcarsr-web-lite-x2", "jcarsr-web-lite-x4")
"""Bundled weights between which the page lets choose."""

RUNTIME = {
    "onnxruntime-web/dist/ort.wasm.bundle.min.mjs": "ort.js",
    "onnxruntime-web/dist/ort-wasm-simd-threaded.wasm": "ort.wasm",
}
"""File of node_modules -> its name in the folder; every server knows the type of `.js`."""

_SHARED = re.compile(
    r"^ *<!-- shared: ([\w-]+) -->\n(.*?)^ *<!-- end -->\n", re.DOTALL | re.MULTILINE
)
_PLACE = re.compile(r"^ *<!-- shared: ([\w-]+) -->\n", re.MULTILINE)
_USED = re.compile(r"""(?:from |import |src=|href=)"(?:\./)?(viewer/)?([\w-]+\.(?:js|css|svg))\"""")


def main() -> int:
    """Build the folder of the command line; gives the exit code."""
    parser = argparse.ArgumentParser(description="Put the page for browsers together.")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--modules", type=Path, default=SOURCES / "node_modules")
    words = parser.parse_args()
    try:
        build(words.out, words.modules, GRAPHS)
    except (JCARSRError, FileNotFoundError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    print(words.out)
    return 0


def build(out: Path, modules: Path, graphs: Sequence[str]) -> None:
    """Write the page into `out`, which is emptied.

    Args:
        out: the folder.
        modules: npm's folder of packages.
        graphs: names of bundled weights.

    Raises:
        FileNotFoundError: a package is not installed, or the page names a file that is not there.
        JCARSRError: weights are missing, or a graph computes something else than it should.
    """
    for file in RUNTIME:
        if not (modules / file).is_file():
            hint = "npm ci --prefix browser --ignore-scripts"
            raise FileNotFoundError(f"{modules / file} is missing: {hint}")
    shutil.rmtree(out, ignore_errors=True)
    (out / "viewer").mkdir(parents=True)
    for pattern in ("*.js", "*.css", "*.html", "NOTICE.txt"):
        for path in SOURCES.glob(pattern):
            shutil.copy(path, out)
    shutil.copy(ROOT / "LICENSE", out)
    page = out / "index.html"
    page.write_text(fill_in(page.read_text("utf-8")), "utf-8")
    for name in sorted(viewer_files()):
        shutil.copy(SERVER_PAGE / name, out / "viewer")
    for file, name in RUNTIME.items():
        shutil.copy(modules / file, out / name)
    for name in graphs:
        weights = find(name)
        export_single(weights, single_path(weights, out))


def fill_in(page: str) -> str:
    """Return the page with each `<!-- shared: NAME -->` replaced by that part of the server's page.

    Raises:
        FileNotFoundError: the server's page has no part of that name.
    """
    served = (SERVER_PAGE / "index.html").read_text("utf-8")
    parts = {part[1]: part[2] for part in _SHARED.finditer(served)}

    def part_of(place: re.Match[str]) -> str:
        if place[1] not in parts:
            raise FileNotFoundError(f"{SERVER_PAGE / 'index.html'}: has no part {place[1]}")
        return parts[place[1]]

    return _PLACE.sub(part_of, page)


def viewer_files() -> set[str]:
    """Return the names of the server's files that the page uses, directly or through others.

    Raises:
        FileNotFoundError: one of them is not there.
    """
    found: set[str] = set()
    waiting = [
        name
        for path in SOURCES.glob("*.*")
        for viewer, name in _used_by(path)
        if viewer == "viewer/"
    ]
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting += [used for _, used in _used_by(SERVER_PAGE / name)]
    return found


def _used_by(path: Path) -> Iterator[tuple[str, str]]:
    """Yield folder and name of the files that a page or a module loads."""
    if path.suffix in {".js", ".html"}:
        for match in _USED.finditer(path.read_text("utf-8")):
            yield match[1] or "", match[2]


if __name__ == "__main__":
    sys.exit(main())
