from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from jcarsr.image import Picture, save, save_bytes
from jcarsr.pixels import Pixels
from jcarsr.restoring.beside import is_signed, others_beside, signed_map, signed_page

PAGE = b"<!doctype html><head><title>a</title></head>"


@pytest.mark.parametrize("deep", [False, True])
@pytest.mark.parametrize("transparent", [False, True])
@pytest.mark.parametrize("orientation", [1, 6])
def test_map_is_known_until_a_pixel_changes(
    tmp_path: Path, photo: Pixels, deep: bool, transparent: bool, orientation: int
) -> None:
    samples = photo[:20, :30].astype(np.uint16) * 257 if deep else photo[:20, :30]
    alpha = samples[..., 0] if transparent else None
    path, picture = tmp_path / "a.side.png", Picture(samples, alpha, orientation=orientation)
    save(signed_map(picture), path)
    assert is_signed(path)
    with Image.open(path) as image:
        assert image.size == ((30, 20) if orientation == 1 else (20, 30))
    changed = samples.copy()
    changed[3, 4, 1] ^= 1
    other = Picture(changed, alpha, metadata=signed_map(picture).metadata)
    save(other, path)
    assert not is_signed(path)


def test_picture_that_an_editor_saved_is_not(tmp_path: Path, photo: Pixels) -> None:
    path = tmp_path / "a.side.png"
    save(signed_map(Picture(photo)), path)
    with Image.open(path) as image:
        texts = PngInfo()
        texts.add_text("jcarsr", image.info["jcarsr"])
        image.transpose(Image.Transpose.ROTATE_180).save(path, pnginfo=texts)
    assert not is_signed(path)


def test_page_is_known_until_a_letter_changes(tmp_path: Path) -> None:
    path = tmp_path / "a.compare.html"
    save_bytes(signed_page(PAGE), path)
    assert is_signed(path)
    assert path.read_bytes().endswith(b"<title>a</title></head>")
    path.write_bytes(path.read_bytes().replace(b">a<", b">b<"))
    assert not is_signed(path)


@pytest.mark.parametrize("content", [b"", b"<head>", b"mine", PAGE])
def test_files_of_others_are_not_known(tmp_path: Path, content: bytes) -> None:
    for name in ("a.html", "a.png"):
        (tmp_path / name).write_bytes(content)
        assert not is_signed(tmp_path / name)
    assert not is_signed(tmp_path / "missing.png")


def test_what_is_made_and_what_may_be_anothers_are_left(tmp_path: Path) -> None:
    source, target = tmp_path / "a.tif", tmp_path / "a.jpg"
    side, page = tmp_path / "a.side.png", tmp_path / "a.compare.html"
    for path in (source, target, side, page, tmp_path / "a.mask.png"):
        path.touch()
    (tmp_path / "a.detail.png").mkdir()
    (tmp_path / "a.gradient.png").symlink_to(side)
    assert list(others_beside(target, source, ["picture"])) == [side, page]
    assert list(others_beside(target, source, ["picture", "side"])) == [page]
    (tmp_path / "a.webp").touch()  # it has the same maps
    assert list(others_beside(target, source, ["picture"])) == []
