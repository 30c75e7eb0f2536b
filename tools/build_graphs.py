"""Build the one-file graphs that a release brings: the small networks, and darktable's sizes.

    python tools/build_graphs.py --out build/onnx

Each is run once by ONNX Runtime in a process of its own, in a folder where nothing else lies.
`SHA256SUMS` in the folder lists them, as `sha256sum --check` reads it.
"""

from __future__ import annotations

import argparse
import hashlib
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from jcarsr.errors import JCARSRError
from jcarsr.export.single import export_single, single_path
from jcarsr.weights import find

GRAPHS = (
    ("jcarsr-lite-x2", None),
    ("jcarsr-lite-x4", None),
    ("jcarsr-web-lite-x2", None),
    ("jcarsr-web-lite-x4", None),
    ("jcarsr-lite-x2", 512),
    ("jcarsr-lite-x4", 256),
)
"""Bundled weights, and the side of the input; None = any size."""

_TRY = """
import sys, numpy as np, onnxruntime as ort
session = ort.InferenceSession(sys.argv[1], providers=["CPUExecutionProvider"])
side = session.get_inputs()[0].shape[2]
side = side if isinstance(side, int) else 48
lq = np.full((1, 3, side, side), 0.5, np.float32)
(sr,) = session.run(["output"], {"input": lq})
scale = int(session.get_modelmeta().custom_metadata_map["scale"])
assert sr.shape == (1, 3, scale * side, scale * side), sr.shape
assert abs(sr - 0.5).max() < 0.1, sr
"""  # grey stays grey


def main() -> int:
    """Build the graphs into the folder of the command line; gives the exit code."""
    parser = argparse.ArgumentParser(description="Build the one-file graphs of a release.")
    parser.add_argument("--out", type=Path, required=True)
    out: Path = parser.parse_args().out
    try:
        for path in build(out, GRAPHS):
            print(path)
    except (JCARSRError, subprocess.CalledProcessError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


def build(out: Path, graphs: tuple[tuple[str, int | None], ...]) -> list[Path]:
    """Write the graphs, then the list of their hashes; each is tried before the next is made.

    Raises:
        JCARSRError: weights are missing, or a graph computes something else than it should.
        subprocess.CalledProcessError: a graph does not run by itself.
    """
    out.mkdir(parents=True, exist_ok=True)
    written: list[Path] = []
    for name, tile in graphs:
        weights = find(name)
        written.append(export_single(weights, single_path(weights, out, tile), tile))
        try_alone(written[-1])
    lines = [f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.name}" for path in written]
    sums = out / "SHA256SUMS"
    sums.write_text("\n".join(lines) + "\n", "ascii")
    return [*written, sums]


def try_alone(graph: Path) -> None:
    """Run a graph by ONNX Runtime alone, where nothing else lies.

    Raises:
        subprocess.CalledProcessError: it does not run.
    """
    with tempfile.TemporaryDirectory() as folder:
        shutil.copy(graph, folder)
        words = [sys.executable, "-I", "-c", _TRY, graph.name]
        subprocess.run(words, cwd=folder, check=True)


if __name__ == "__main__":
    sys.exit(main())
