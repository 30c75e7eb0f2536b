from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from jcarsr import WeightsError
from jcarsr.degradation.history import parse_history
from jcarsr.degradation.pipeline import degrade
from jcarsr.engines.base import EngineOptions
from jcarsr.jpeg.decoded import Decoded
from jcarsr.jpeg.earlier_save import EarlierSave
from jcarsr.jpeg.last_save import LastSave
from jcarsr.methods import catalog
from jcarsr.methods.bicubic import Bicubic
from jcarsr.methods.catalog import METHODS, Context, find_method
from jcarsr.networks.catalog import MISSING
from jcarsr.pixels import Pixels
from jcarsr.weights import default_name, find, read_record

CONTEXT = Context(scale=2, options=EngineOptions(engine="onnx", precision="float32"))


def given(photo: Pixels, word: str) -> Decoded:
    history = parse_history(word)
    pixels = degrade(photo[:96, :96], 2, history).lq
    return Decoded(pixels=pixels, last_save=history.last_save)


def test_bicubic_has_no_weights(photo: Pixels) -> None:
    method, picture = find_method("bicubic", CONTEXT), given(photo, "jpeg20")
    assert (method.name, method.scale, method.sha256) == ("bicubic", 2, None)
    np.testing.assert_array_equal(method.restore(picture), Bicubic(2).restore(picture.pixels))


def test_weights_are_named_by_their_record() -> None:
    record = read_record(find(default_name(2)))
    method = find_method(record.name, CONTEXT)
    assert (method.name, method.sha256, method.library) == (
        record.name,
        record.sha256,
        "onnxruntime",
    )
    with pytest.raises(ValueError, match="enlarges by 2, and 4 is asked"):
        find_method(record.name, Context(scale=4))
    with pytest.raises(WeightsError, match="no such weight file"):
        find_method("unknown", CONTEXT)


def test_auto_takes_the_weights_that_the_choice_names(
    photo: Pixels, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The choice is given the pixels and the last save; what it names restores."""
    seen: list[LastSave] = []
    picture = given(photo, "jpeg20+4,4>jpeg90")
    other = EarlierSave(shift=(4, 4), qf=20, evidence=50.0)
    for found, name in ((None, default_name(2)), (other, "jcarsr-web-lite-x2")):

        def find_earlier(
            pixels: Pixels, last: LastSave, found: EarlierSave | None = found
        ) -> EarlierSave | None:
            seen.append(last)
            return found

        monkeypatch.setattr(catalog, "find_earlier_save", find_earlier)
        auto = find_method("auto", CONTEXT).restore(picture)
        np.testing.assert_array_equal(auto, find_method(name, CONTEXT).restore(picture))
    assert [(last.format, last.qf) for last in seen] == [("JPEG", 90)] * 2


def test_every_method_says_its_name_and_scale() -> None:
    for name, make in METHODS.items():
        method = make(CONTEXT)
        assert (method.name, method.scale) == (name, 2)


@pytest.mark.parametrize("name", MISSING)
def test_what_cannot_run_says_what_is_missing(name: str) -> None:
    with pytest.raises(WeightsError, match=f"{name}: .* weights are on cloud drives alone"):
        find_method(name, CONTEXT)
    with pytest.raises(WeightsError, match=f"{name}: .* weights are on cloud drives alone"):
        find_method(f"chain:{name}+bicubic", CONTEXT)


def test_networks_that_enlarge_do_scale_1_by_shrinking(photo: Pixels) -> None:
    """Pillow's bicubic filter makes the same of what the method for scale 2 gives."""
    picture, here = given(photo, "jpeg20"), Context(scale=1, options=CONTEXT.options)
    for name in (default_name(2), "auto"):
        method = find_method(name, here)
        large = find_method(name, CONTEXT).restore(picture)
        size = (picture.pixels.shape[1], picture.pixels.shape[0])
        expected = np.asarray(Image.fromarray(large).resize(size, Image.Resampling.BICUBIC))
        assert method.scale == 1
        assert np.abs(method.restore(picture).astype(int) - expected).max() <= 1
