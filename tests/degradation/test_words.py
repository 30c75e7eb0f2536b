import pytest

from jcarsr.degradation.steps import Jpeg, Modern, Photoshop, Png, Resize, Sharpen, Step
from jcarsr.degradation.words import parse_step

STEPS: list[tuple[str, Step]] = [
    ("jpeg20", Jpeg(qf=20)),
    ("jpeg20+4,4", Jpeg(qf=20, shift=(4, 4))),
    ("jpeg75/444", Jpeg(qf=75, subsampling="4:4:4")),
    ("jpeg75/422/mozjpeg+0,15", Jpeg(qf=75, subsampling="4:2:2", tables="mozjpeg", shift=(0, 15))),
    ("photoshop/web_low+1,2", Photoshop(preset="web_low", shift=(1, 2))),
    ("webp50", Modern(format="webp", quality=50)),
    ("avif40+3,1", Modern(format="avif", quality=40, shift=(3, 1))),
    ("png", Png()),
    ("resize0.5", Resize(ratio=0.5)),
    ("resize0.75/lanczos", Resize(ratio=0.75, filter="lanczos")),
    ("sharpen50", Sharpen(percent=50)),
]


@pytest.mark.parametrize(("word", "step"), STEPS)
def test_word_and_step_are_each_others(word: str, step: Step) -> None:
    assert str(step) == word
    assert parse_step(word) == step


@pytest.mark.parametrize(
    "word",
    ["", "jpeg", "jpeg20/500", "jpeg20+4", "jpeg020", "jpeg20/444/444", "jpeg20+0,0", "gif20",
     "photoshop", "photoshop/best", "resize", "resize0.5/sinc", "resize0.50", "png3", "jpeg2.5",
     "sharpen", "sharpen50+1,1", "png/444", "JPEG20", "jpeg20 "],
)  # fmt: skip
def test_other_words_are_refused_with_the_word(word: str) -> None:
    with pytest.raises(ValueError, match=r"history|preset"):
        parse_step(word)


@pytest.mark.parametrize(
    ("word", "message"),
    [
        ("jpeg0", "JPEG quality must be between 1 and 100, got 0"),
        ("jpeg101", "got 101"),
        ("webp101", "webp quality must be between 0 and 100, got 101"),
        ("resize0.1", "within 0.25 and 4"),
        ("resize0.333", "two decimals, got 0.333"),
        ("sharpen300", "sharpening must be between 1 and 200, got 300"),
        ("jpeg20+64,0", "block grid must be between 0 and 63, got 64"),
    ],
)
def test_values_out_of_range_are_refused(word: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        parse_step(word)
