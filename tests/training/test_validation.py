from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from jcarsr import JCARSR, DataError, EvalProtocol, JCARSRConfig
from jcarsr.data.pairs import list_pairs
from jcarsr.data.sources import list_pictures
from jcarsr.degradation.draw import Clean, Once, Web
from jcarsr.degradation.history import parse_history
from jcarsr.training.recipes import WEB
from jcarsr.training.validation import (
    SIDE,
    centre,
    given_pairs,
    hold_out,
    make_pairs,
    validate,
    validation_histories,
)


def test_held_out_pictures_are_not_trained_on(picture_folder: Path) -> None:
    entries = list_pictures([picture_folder])
    training, held = hold_out(entries)
    assert len(held) == 8
    assert sorted([*training, *held], key=lambda e: e.name) == entries


def test_too_few_pictures_are_told(picture_folder: Path) -> None:
    with pytest.raises(DataError, match="15 pictures are too few to hold out 8"):
        hold_out(list_pictures([picture_folder])[:15])


def test_centre_is_the_middle() -> None:
    hr = np.zeros((601, 300, 3), np.uint8)
    hr[300, 150] = 9
    middle = centre(hr, 2)
    assert middle.shape == (SIDE, SIDE, 3)
    assert middle[SIDE // 2, SIDE // 2, 0] == 9


@pytest.mark.parametrize(
    ("trained", "scored"),
    [
        (Once(qfs=(95, 40, 10, 5), share_444=0), ["jpeg10", "jpeg40"]),
        (Once(qfs=(10,), share_444=0), ["jpeg10"]),
        (Once(qfs=(80, 20), share_444=0), ["jpeg20"]),
        (WEB, ["jpeg10", "jpeg40", "jpeg20+4,4>jpeg90"]),
        (Clean(), ["png"]),
    ],
)
def test_only_what_is_trained_is_scored(
    picture_folder: Path, trained: Once | Web | Clean, scored: list[str]
) -> None:
    histories = validation_histories(trained)
    assert [str(history) for history in histories] == scored
    pairs = make_pairs(list_pictures([picture_folder])[:2], 2, histories)
    assert [pair.history for pair in pairs] == scored * 2


def test_given_pairs_are_the_same_part_of_both(tmp_path: Path) -> None:
    """The degraded picture is every second pixel of a larger one, so that the parts must agree."""
    rng = np.random.default_rng(0)
    for name, size in (("wide", (140, 170)), ("small", (20, 31))):
        lq = rng.integers(0, 256, (*size, 3), np.uint8)
        for folder, pixels in (("lq", lq), ("hr", lq.repeat(2, 0).repeat(2, 1))):
            (tmp_path / folder).mkdir(exist_ok=True)
            Image.fromarray(pixels).save(tmp_path / folder / f"{name}.png")
    pairs = given_pairs(list_pairs(tmp_path / "lq", tmp_path / "hr"), 2)
    assert [pair.hr.shape[:2] for pair in pairs] == [(40, 62), (256, 256)]
    for pair in pairs:
        lq = (pair.lq[0].permute(1, 2, 0).numpy() * 255).round()
        np.testing.assert_array_equal(pair.hr[::2, ::2], lq)


def test_given_pairs_on_the_grid_begin_with_whole_blocks(tmp_path: Path) -> None:
    """Every block of the degraded picture has one grey, so that cut blocks would show two."""
    grey = np.random.default_rng(0).integers(0, 256, (19, 25, 1), np.uint8).repeat(3, 2)
    blocks = grey.repeat(8, 0).repeat(8, 1)[:150, :199]
    for folder, pixels in (("lq", blocks), ("hr", blocks.repeat(2, 0).repeat(2, 1))):
        (tmp_path / folder).mkdir()
        Image.fromarray(pixels).save(tmp_path / folder / "a.png")
    (pair,) = given_pairs(list_pairs(tmp_path / "lq", tmp_path / "hr"), 2, on_grid=True)
    lq = (pair.lq[0].permute(1, 2, 0).numpy() * 255).round()
    assert lq.shape == (128, 128, 3)
    np.testing.assert_array_equal(lq, lq[::8, ::8].repeat(8, 0).repeat(8, 1))
    np.testing.assert_array_equal(pair.hr[::2, ::2], lq)


def test_given_pairs_of_a_network_that_keeps_the_size_are_held_against_the_shrunken(
    tmp_path: Path,
) -> None:
    """Two flat halves: away from their edge bicubic filtering leaves them as they are."""
    rng = np.random.default_rng(0)
    known = np.full((140, 170, 3), rng.integers(0, 256, 3), np.uint8)
    known[:, 85:] = rng.integers(0, 256, 3)
    for folder, pixels in (("lq", known), ("hr", known.repeat(2, 0).repeat(2, 1))):
        (tmp_path / folder).mkdir()
        Image.fromarray(pixels).save(tmp_path / folder / "a.png")
    (pair,) = given_pairs(list_pairs(tmp_path / "lq", tmp_path / "hr"), 2, 1)
    assert pair.hr.shape == (128, 128, 3)
    lq = (pair.lq[0].permute(1, 2, 0).numpy() * 255).round()
    away = np.abs(np.arange(128) + (170 - 128) // 2 - 84.5) > 4  # from the edge, which rings
    np.testing.assert_array_equal(pair.hr[:, away], lq[:, away])


def test_scores_are_the_protocols(picture_folder: Path, tiny: JCARSRConfig) -> None:
    model = JCARSR(tiny)
    pairs = make_pairs(
        list_pictures([picture_folder])[:3], 2, [parse_history("jpeg10"), parse_history("jpeg40")]
    )
    scores = validate(model, pairs, torch.device("cpu"))
    expected: list[float] = []
    for pair in pairs:
        if pair.history == "jpeg40":
            with torch.no_grad():
                sr = model(pair.lq).sr[0].permute(1, 2, 0)
            pixels = (sr * 255).round().clamp(0, 255).byte().numpy()
            expected.append(EvalProtocol(border=2).score(pixels, pair.hr).psnr)
    assert scores["psnr_jpeg40"] == pytest.approx(np.mean(expected))
    assert set(scores) == {"psnr_jpeg10", "psnr_jpeg40"}


def test_small_pictures_are_left_out(tmp_path: Path, tiny: JCARSRConfig) -> None:
    for name, size in (("a", (200, 9)), ("b", (36, 33)), ("c", (31, 80))):
        Image.new("RGB", size, "teal").save(tmp_path / f"{name}.png")
    pairs = make_pairs(list_pictures([tmp_path]), 2, [parse_history("jpeg10")])
    assert [pair.hr.shape[:2] for pair in pairs] == [(32, 36)]
    validate(JCARSR(tiny), pairs, torch.device("cpu"))
    (tmp_path / "b.png").unlink()
    with pytest.raises(DataError, match="no picture of at least 32x32 pixels to validate on"):
        make_pairs(list_pictures([tmp_path]), 2, [parse_history("jpeg10")])
