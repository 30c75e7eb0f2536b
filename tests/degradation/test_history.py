import numpy as np
import pytest
from PIL import Image, features

from jcarsr.degradation.history import History, parse_history
from jcarsr.degradation.pipeline import degrade, low_resolution
from jcarsr.degradation.steps import Jpeg, Png
from jcarsr.pixels import Pixels

WORDS = ["jpeg10", "jpeg20+4,4>jpeg90", "webp40>jpeg85", "jpeg30>resize0.75/lanczos>sharpen30>png"]


@pytest.mark.parametrize("word", WORDS)
def test_word_and_history_are_each_others(word: str) -> None:
    assert str(parse_history(word)) == word


@pytest.mark.parametrize("word", ["", "jpeg20>", ">png", "jpeg20>>png", "jpeg20,jpeg90"])
def test_broken_words_are_refused(word: str) -> None:
    with pytest.raises(ValueError, match="is no step of a history"):
        parse_history(word)


def test_nothing_is_no_history() -> None:
    with pytest.raises(ValueError, match="at least one step"):
        History(())


@pytest.mark.parametrize("scale", [2, 4])
@pytest.mark.parametrize("word", WORDS)
def test_replays_bit_for_bit_at_the_size_of_lr(word: str, scale: int, photo: Pixels) -> None:
    hr = photo[:184, :200]
    first, again = (degrade(hr, scale, parse_history(word)) for _ in range(2))
    assert first.lq.shape == first.lr.shape == (184 // scale, 200 // scale, 3)
    assert first.lq.dtype == np.uint8
    np.testing.assert_array_equal(first.lq, again.lq)


def test_steps_follow_each_other(photo: Pixels) -> None:
    lr = low_resolution(photo, 2)
    first, second = Jpeg(qf=20, shift=(4, 4)), Jpeg(qf=90)
    np.testing.assert_array_equal(History((first, second))(photo, lr), second(first(lr)))
    np.testing.assert_array_equal(History((first, Png()))(photo, lr), first(lr))


def test_resize_begins_from_a_larger_picture(photo: Pixels) -> None:
    """At half the size and scale 2 the high-resolution picture itself is saved first."""
    lr = low_resolution(photo, 2)
    saved = Image.fromarray(Jpeg(qf=40)(photo))
    expected = np.asarray(saved.resize(lr.shape[1::-1], Image.Resampling.BOX))
    np.testing.assert_array_equal(parse_history("jpeg40>resize0.5/box")(photo, lr), expected)


def test_shrinking_keeps_the_place(photo: Pixels) -> None:
    """Without a lossy save, shrinking in two parts is nearly shrinking at once."""
    lq, lr = degrade(photo, 4, parse_history("png>resize0.5>png"))[::-1]
    error = np.abs(lq.astype(int) - lr)[2:-2, 2:-2]
    moved = np.abs(np.roll(lq, 1, 1).astype(int) - lr)[2:-2, 2:-2]
    assert error.mean() < 0.25 * moved.mean()


def test_shrinking_by_more_than_the_scale_is_refused(photo: Pixels) -> None:
    with pytest.raises(ValueError, match=r"jpeg40>resize0\.4 begins larger"):
        degrade(photo, 2, parse_history("jpeg40>resize0.4"))


def test_codecs_are_named_with_their_versions() -> None:
    told = parse_history("webp40>jpeg85").codec_version()
    assert told == (
        f"Pillow {features.version('pil')}, "
        f"libjpeg-turbo {features.version_feature('libjpeg_turbo')}, "
        f"webp {features.version('webp')}"
    )
    assert "webp" not in parse_history("jpeg85").codec_version()
