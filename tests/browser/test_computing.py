"""The page's plan of tiles and its blending, in node, against the Python package's."""

from __future__ import annotations

import json
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from jcarsr.pixels import Planes, Tables
from jcarsr.restoring.restorer import NetworkRestorer
from jcarsr.restoring.tiling import plan

NODE = shutil.which("node")
pytestmark = pytest.mark.skipif(NODE is None, reason="needs the command node")

SOURCES = Path(__file__).parents[2] / "browser"

# what it stands for depends on where in a tile a pixel lies, and it drifts from the mean
NETWORK = """
const run = async (planes, width, height) => {
  const part = new Float32Array(planes.length * scale * scale);
  for (let c = 0; c < 3; c += 1)
    for (let y = 0; y < height * scale; y += 1)
      for (let x = 0; x < width * scale; x += 1) {
        const value = planes[(c * height + Math.floor(y / scale)) * width + Math.floor(x / scale)];
        const bent = 0.9 * value + 0.1 * x / (width * scale) + 0.05 * c * y / (height * scale);
        part[(c * height * scale + y) * width * scale + x] = 1.2 * bent - 0.1;
      }
  return part;
};
"""


@dataclass(frozen=True)
class Bent:
    """NETWORK, in Python."""

    scale: int
    bytes_per_pixel: int = 1

    def run(
        self, lq: Planes, *, full_precision: bool = False, tables: Tables | None = None
    ) -> Planes:
        value = lq.repeat(self.scale, axis=2).repeat(self.scale, axis=3)
        _, channels, height, width = value.shape
        c, y, x = np.ogrid[:channels, :height, :width]
        bent = 0.9 * value[0] + 0.1 * x / width + 0.05 * c * y / height
        return (1.2 * bent - 0.1)[None].astype(np.float32)


def run_node(script: str, given: bytes = b"") -> bytes:
    """Run a module that may import the page's; its standard output."""
    assert NODE is not None
    words = [NODE, "--input-type=module", "--eval", script]
    return subprocess.run(words, input=given, capture_output=True, check=True, cwd=SOURCES).stdout


def test_the_plan_is_the_packages() -> None:
    cases = [
        (length, tile) for tile in (320, 384, 512) for length in (1, 320, *range(321, 4097, 7))
    ]
    script = f"""
        import {{ plan }} from "./tiling.js";
        const spans = ([length, tile]) => plan(length, tile).map((span) => Object.values(span));
        console.log(JSON.stringify({json.dumps(cases)}.map(spans)));
    """
    found: list[Any] = json.loads(run_node(script))
    assert found == [
        [[span.start, span.stop, span.fade_in, span.fade_out] for span in plan(length, tile)]
        for length, tile in cases
    ]


@pytest.mark.parametrize("tile", [300, 330, 0])
def test_a_wrong_tile_is_refused(tile: int) -> None:
    script = f"""
        import {{ plan }} from "./tiling.js";
        try {{ plan(1, {tile}); }} catch (error) {{ console.log(error.message); }}
    """
    with pytest.raises(ValueError, match="tile must be") as refused:
        plan(1, tile)
    assert run_node(script).decode().strip() == str(refused.value)


@pytest.mark.parametrize(
    ("size", "scale"),
    [((40, 700), 2), ((690, 24), 2), ((330, 340), 2), ((18, 330), 4), ((1, 1), 4)],
)
def test_tiles_are_blended_as_in_the_package(size: tuple[int, int], scale: int) -> None:
    height, width = size
    lq = np.random.default_rng(0).integers(0, 256, (height, width, 4), np.uint8)
    lq[..., 3] = 255
    script = f"""
        import {{ readFileSync, writeSync }} from "node:fs";
        import {{ restore }} from "./restore.js";
        const [scale, width, height, seen] = [{scale}, {width}, {height}, []];
        {NETWORK}
        const lq = {{ data: new Uint8ClampedArray(readFileSync(0)), width, height }};
        const sr = await restore(lq, scale, 320, run, (done, all) => seen.push(done / all));
        if (seen.at(-1) !== 1 || sr.width !== width * scale) throw new Error(`${{seen}}`);
        for (let at = 0; at < sr.data.length; ) at += writeSync(1, sr.data, at);
    """
    sr = np.frombuffer(run_node(script, lq.tobytes()), np.uint8)
    sr = sr.reshape(height * scale, width * scale, 4)
    expected = NetworkRestorer(Bent(scale), 320).restore(lq[..., :3]).astype(int)
    off = np.abs(sr[..., :3] - expected)
    assert off.max() <= 1
    assert (off > 0).mean() < 1e-3  # where rounding was a toss-up
    assert (sr[..., 3] == 255).all()


def test_values_that_are_not_finite_are_an_error() -> None:
    script = """
        import { restore } from "./restore.js";
        const lq = { data: new Uint8ClampedArray(4), width: 1, height: 1 };
        const run = async () => new Float32Array(12).fill(NaN);
        await restore(lq, 2, 320, run, () => {}).catch((error) => console.log(error.message));
    """
    assert b"not finite" in run_node(script)
