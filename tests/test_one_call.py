from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import jcarsr
from jcarsr import ImageError, Restorer, Target, WeightsError
from jcarsr.pixels import Pixels
from jcarsr.weights import read, write


def test_path_image_and_pixels_give_the_same(
    tmp_path: Path, photo: Pixels, tiny_weights: Path
) -> None:
    Image.fromarray(photo).save(tmp_path / "a.png")
    results = [
        np.asarray(jcarsr.restore(given, weights=str(tiny_weights)))
        for given in (tmp_path / "a.png", str(tmp_path / "a.png"), Image.fromarray(photo), photo)
    ]
    assert results[0].shape == (384, 512, 3)
    for other in results[1:]:
        np.testing.assert_array_equal(other, results[0])


def test_file_is_named_in_the_error(tmp_path: Path) -> None:
    with pytest.raises(ImageError, match=r"none\.jpg: no such file"):
        jcarsr.restore(tmp_path / "none.jpg")


def test_pixels_of_another_form_are_refused(photo: Pixels) -> None:
    with pytest.raises(ValueError, match=r"got \(192, 256\) uint8"):
        jcarsr.restore(photo[..., 0])


def test_scale_one_only_cleans(photo: Pixels, tiny_weights: Path) -> None:
    assert jcarsr.restore(photo, scale=1, weights=str(tiny_weights)).size == (256, 192)
    with pytest.raises(ValueError, match="scale must be 1, 2 or 4, got 3"):
        jcarsr.restore(photo, scale=3)


def test_scale_is_that_of_the_weights(photo: Pixels) -> None:
    small = photo[:12, :16]
    assert jcarsr.restore(small, weights="jcarsr-lite-x4").size == (64, 48)
    with pytest.raises(ValueError, match="scale=2: jcarsr-lite-x4 enlarges by 4"):
        jcarsr.restore(small, weights="jcarsr-lite-x4", scale=2)
    with pytest.raises(ValueError, match="scale=2: jcarsr-lite-x4 enlarges by 4"):
        Restorer("jcarsr-lite-x4").restore(small, Target(scale=2))


def test_weights_are_those_of_the_path_as_it_is(
    photo: Pixels, tiny_weights: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    small, other = photo[:12, :16], tmp_path / "other"
    other.mkdir()
    monkeypatch.chdir(tiny_weights.parent)
    restorer = Restorer(tiny_weights.name)
    first = jcarsr.restore(small, weights=tiny_weights.name)
    monkeypatch.chdir(other)
    assert restorer.restore(small) == first
    with pytest.raises(WeightsError, match="no such weight file"):
        jcarsr.restore(small, weights=tiny_weights.name)
    loaded = read(tiny_weights)
    halved = {name: value / 2 for name, value in loaded.tensors.items()}
    write(tiny_weights, halved, loaded.record)
    assert jcarsr.restore(small, weights=str(tiny_weights)) != first


def test_url_is_refused_by_name() -> None:
    with pytest.raises(ImageError, match=r"^http://h//a\.jpg: is a URL: download it first$"):
        jcarsr.restore("http://h//a.jpg")
