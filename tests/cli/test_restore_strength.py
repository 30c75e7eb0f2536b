import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from support.commands import restore
from support.pictures import stored, xmp_value

import jcarsr
from jcarsr.batch.ledger import Ledger
from jcarsr.image.metadata.xmp_record import OURS
from jcarsr.methods.bicubic import Bicubic


def test_zero_is_bicubic_one_todays_and_half_between(
    small: Path, tiny_weights: Path, tmp_path: Path
) -> None:
    for strength in ("0", "0.5", "1"):
        restore(tiny_weights, small, "-o", tmp_path / f"{strength}.png", "--strength", strength)
    restore(tiny_weights, small, "-o", tmp_path / "plain.png")
    assert (tmp_path / "1.png").read_bytes() == (tmp_path / "plain.png").read_bytes()
    none, half, full = (stored(tmp_path / f"{name}.png") for name in ("0", "0.5", "1"))
    np.testing.assert_array_equal(none, Bicubic(2).restore(stored(small)))
    np.testing.assert_allclose(half, (none.astype(float) + full) / 2, atol=0.5)


def test_it_is_recorded(small: Path, tiny_weights: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    said = restore(tiny_weights, small, "-o", out, "--strength", "0.25", "--json").stdout
    assert json.loads(said)["strength"] == 0.25
    with Image.open(out / "a_x2.png") as image:
        assert xmp_value(image, (OURS, "Strength")) == "0.25"
    with Ledger(out) as ledger:
        (entry,) = ledger.entries()
        assert json.loads(entry.settings or "")["strength"] == 0.25
    assert "1 unchanged" in restore(tiny_weights, small, "-o", out, "--strength", "0.25").stderr
    again = restore(tiny_weights, small, "-o", out, "--json").stdout
    assert (json.loads(again)["state"], "strength" in json.loads(again)) == ("done", False)


def test_frames_are_mixed_too(tiny_weights: Path, tmp_path: Path) -> None:
    frames = [Image.new("RGB", (16, 16), (90 * n, 9, 200)) for n in range(2)]
    frames[0].save(tmp_path / "a.png", save_all=True, append_images=frames[1:], duration=50)
    restore(tiny_weights, tmp_path / "a.png", "-o", tmp_path / "b.png", "--strength", "0")
    with Image.open(tmp_path / "b.png") as image:
        for number in range(2):
            image.seek(number)
            colours = np.unique(np.asarray(image.convert("RGB")).reshape(-1, 3), axis=0)
            assert colours.tolist() == [[90 * number, 9, 200]]


@pytest.mark.parametrize("strength", ["-0.5", "1.5", "nan"])
def test_what_is_no_share_is_wrong_usage(small: Path, tiny_weights: Path, strength: str) -> None:
    said = restore(tiny_weights, small, f"--strength={strength}", code=2).stderr
    assert said == f"error: --strength {strength}: from 0 to 1\n"


def test_the_library_does_the_same(small: Path, tiny_weights: Path, tmp_path: Path) -> None:
    restorer = jcarsr.Restorer(str(tiny_weights), threads=1)
    ours = np.asarray(restorer.restore(small, strength=0))
    np.testing.assert_array_equal(ours, Bicubic(2).restore(stored(small)))
    outcome = restorer.restore_file(small, tmp_path / "b.png", strength=0)
    np.testing.assert_array_equal(stored(tmp_path / "b.png"), ours)
    assert outcome.strength == 0
    with pytest.raises(ValueError, match="strength must be from 0 to 1"):
        restorer.restore(small, strength=2)
