import json
import os
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from support.commands import restore
from support.pictures import stored

from jcarsr.batch.ledger import Ledger
from jcarsr.methods.bicubic import Bicubic


def test_side(small: Path, tiny_weights: Path, tmp_path: Path) -> None:
    restore(tiny_weights, small, "-o", tmp_path / "b.jpg", "--compare", "side")
    side = stored(tmp_path / "b.side.png")
    np.testing.assert_array_equal(side[:, :31], Bicubic(2).restore(stored(small))[:, :31])


@pytest.mark.skipif(sys.platform == "win32", reason="names are Unicode there")
def test_name_that_is_no_text(small: Path, tiny_weights: Path, tmp_path: Path) -> None:
    odd = tmp_path / os.fsdecode(b"caf\xe9.png")
    odd.write_bytes(small.read_bytes())
    restore(tiny_weights, odd, "-o", tmp_path / "out", "--compare", "html")
    results = {path.name for path in (tmp_path / "out").iterdir()}
    stem = os.fsdecode(b"caf\xe9_x2")
    assert results == {f"{stem}.png", f"{stem}.compare.html", "jcarsr-ledger.sqlite3"}
    page = (tmp_path / "out" / f"{stem}.compare.html").read_text()
    assert r"<title>caf\udce9_x2: before and after</title>" in page


def test_page_follows_the_rules_of_other_results(
    small: Path, tiny_weights: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    restore(tiny_weights, small, "-o", out, "--compare", "html")
    page = out / "a_x2.compare.html"
    text = page.read_text()
    assert "<title>a_x2: before and after</title>" in text
    assert "Supported by the JPEG" in text
    with Ledger(out) as ledger:
        entries = {entry.target: json.loads(entry.settings or "") for entry in ledger.entries()}
    assert entries["a_x2.compare.html"]["html"] is True
    again = restore(tiny_weights, small, "-o", out, "--compare", "html")
    assert "1 unchanged" in again.stderr
    page.write_text("mine")
    said = restore(tiny_weights, small, "-o", out, "--compare", "html", code=1)
    assert "a_x2.compare.html exists already: --overwrite replaces it" in said.stderr
    assert page.read_text() == "mine"
    restore(tiny_weights, small, "-o", out, "--compare", "html", "--overwrite")
    assert page.read_text() == text


def test_animations_and_standard_output_have_none(
    small: Path, tiny_weights: Path, tmp_path: Path
) -> None:
    frames = [Image.new("RGB", (16, 16), (90 * n, 9, 200)) for n in range(2)]
    frames[0].save(tmp_path / "a.gif", save_all=True, append_images=frames[1:], duration=50)
    options = [tmp_path / "a.gif", "-o", tmp_path / "b.png", "--compare", "html"]
    said = restore(tiny_weights, *options, code=1).stderr
    assert "an animation has no one comparison: --first-frame" in said
    said = restore(tiny_weights, small, "-o", "-", "--compare", "side", code=2).stderr
    assert said.startswith("error: --compare: standard output has no place")
