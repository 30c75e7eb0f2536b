"""Options of `jcarsr restore` that other parts do: that they get there."""

from pathlib import Path

import numpy as np
from PIL import Image
from support.commands import restore
from support.pictures import stored, xmp_value

import jcarsr
from jcarsr.batch.ledger import Ledger
from jcarsr.image.metadata.xmp_record import SOURCE_TYPE


def said_type(path: Path) -> str | None:
    with Image.open(path) as image:
        return xmp_value(image, SOURCE_TYPE)


def test_mark_is_in_the_metadata_and_can_be_taken_back(
    small: Path, tiny_weights: Path, tmp_path: Path
) -> None:
    defaults = tmp_path / "defaults.toml"
    defaults.write_text("[restore]\nmark = true\n")
    for name, options in (
        ("typed", ["--mark"]),
        ("asked", ["--config", defaults]),
        ("taken-back", ["--config", defaults, "--no-mark"]),
    ):
        restore(tiny_weights, small, "-o", tmp_path / f"{name}.png", *options)
    for name in ("typed", "asked"):
        assert (said_type(tmp_path / f"{name}.png") or "").endswith("/algorithmicallyEnhanced")
    assert said_type(tmp_path / "taken-back.png") is None
    said = restore(
        tiny_weights, small, "-o", tmp_path / "x.png", "--mark", "--strip-metadata", code=2
    )
    assert "--mark: is metadata, of which --strip-metadata keeps none" in said.stderr
    assert not (tmp_path / "x.png").exists()


def test_ensemble_is_the_librarys(small: Path, tiny_weights: Path, tmp_path: Path) -> None:
    for name, options in (("one", []), ("mean", ["--ensemble"])):
        restore(tiny_weights, small, "-o", tmp_path / f"{name}.png", *options)
    with Image.open(small) as image:
        expected = jcarsr.Restorer(str(tiny_weights), threads=1, ensemble=True).restore(image)
    np.testing.assert_array_equal(stored(tmp_path / "mean.png"), np.asarray(expected))
    assert (stored(tmp_path / "mean.png") != stored(tmp_path / "one.png")).any()


def test_without_locks_another_run_is_not_seen(
    small: Path, tiny_weights: Path, tmp_path: Path
) -> None:
    with Ledger(tmp_path / "out"):
        said = restore(tiny_weights, small, "-o", tmp_path / "out", code=1)
        assert "another run is writing there" in str(said.exception)
        restore(tiny_weights, small, "-o", tmp_path / "out", "--no-lock")
    assert (tmp_path / "out" / "a_x2.png").exists()
