from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from jcarsr import DataError
from jcarsr.data.pairs import list_pairs, refuse_other_sizes


def save(path: Path, width: int, height: int, value: int = 0) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.full((height, width, 3), value, np.uint8)).save(path)


def test_partners_have_the_same_path_whatever_their_suffix(tmp_path: Path) -> None:
    for name in ("a.png", "deep/a.png", "b.png"):
        save(tmp_path / "hr" / name, 40, 20)
    for name in ("a.jpg", "deep/a.webp", "bx2.png"):  # the last as DIV2K names them
        save(tmp_path / "lq" / name, 20, 10)
    pairs = list_pairs(tmp_path / "lq", tmp_path / "hr")
    named = {pair.path.name if pair.path.parent.name == "hr" else "deep": pair for pair in pairs}
    partners = {name: pair.lq.path for name, pair in named.items() if pair.lq}
    assert partners == {
        "a.png": tmp_path / "lq/a.jpg",
        "deep": tmp_path / "lq/deep/a.webp",
        "b.png": tmp_path / "lq/bx2.png",
    }
    refuse_other_sizes(pairs, 2)


@pytest.mark.parametrize(("lq", "hr"), [(["a"], ["a", "b"]), (["a", "b"], ["a"])])
def test_a_picture_without_a_partner_is_named(tmp_path: Path, lq: list[str], hr: list[str]) -> None:
    for folder, names in (("lq", lq), ("hr", hr)):
        for name in names:
            save(tmp_path / folder / f"{name}.png", 20, 10)
    with pytest.raises(DataError, match=r"b\.png: no picture named b in "):
        list_pairs(tmp_path / "lq", tmp_path / "hr")


def test_two_degraded_pictures_of_one_name_are_refused(tmp_path: Path) -> None:
    save(tmp_path / "hr/a.png", 40, 20)
    for name in ("a.jpg", "a.png"):
        save(tmp_path / "lq" / name, 20, 10)
    with pytest.raises(DataError, match=r"a\.png: has the same name as .*a\.jpg"):
        list_pairs(tmp_path / "lq", tmp_path / "hr")


def test_other_sizes_are_named_with_both(tmp_path: Path) -> None:
    save(tmp_path / "hr/a.png", 40, 20)
    save(tmp_path / "lq/a.png", 20, 11)
    pairs = list_pairs(tmp_path / "lq", tmp_path / "hr")
    with pytest.raises(DataError, match=r"a\.png: 20x11 pixels are not 1/2 of the 40x20 of .*hr"):
        refuse_other_sizes(pairs, 2)


def test_degraded_picture_has_one_original(tmp_path: Path) -> None:
    for name in ("a.png", "ax2.png"):
        save(tmp_path / "hr" / name, 40, 20)
    save(tmp_path / "lq/ax2.png", 20, 10)
    with pytest.raises(DataError, match=r"hr.ax2\.png: .*lq.ax2\.png is already the partner"):
        list_pairs(tmp_path / "lq", tmp_path / "hr")


def test_digit_that_is_no_scale_belongs_to_the_name(tmp_path: Path) -> None:
    save(tmp_path / "hr/matrix.png", 40, 20)
    save(tmp_path / "lq/matrix7.png", 20, 10)
    with pytest.raises(DataError, match=r"matrix\.png: no picture named matrix in"):
        list_pairs(tmp_path / "lq", tmp_path / "hr")
