import base64
import io
import re
from html.parser import HTMLParser

import numpy as np
import pytest
from PIL import Image

from jcarsr.image import Picture
from jcarsr.image.formats import LONGEST_SIDE
from jcarsr.image.picture import Metadata
from jcarsr.jpeg.support import Support
from jcarsr.pixels import Pixels
from jcarsr.restoring.comparison import LOSSLESS, compare
from jcarsr.restoring.strength import enlarge

SUPPORT = Support(outside=0.031, steps=0.8, counted=900, saturated=0.25)


class Parser(HTMLParser):
    """Collects the attributes of a page's elements and its text."""

    def __init__(self) -> None:
        super().__init__()
        self.images: dict[str, dict[str, str]] = {}
        self.addresses: list[str] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = {name: value or "" for name, value in attrs}
        self.addresses += [found[name] for name in ("src", "href", "action") if name in found]
        if tag == "img":
            self.images[found["id"]] = found

    def handle_data(self, data: str) -> None:
        self.text += data


def parsed(page: bytes) -> Parser:
    parser = Parser()
    parser.feed(page.decode())
    return parser


def decoded(address: str) -> tuple[str, Image.Image]:
    head, _, data = address.partition(",")
    return head, Image.open(io.BytesIO(base64.b64decode(data)))


@pytest.mark.parametrize("orientation", [1, 6])
def test_page_holds_both_pictures_upright(photo: Pixels, orientation: int) -> None:
    picture = Picture(photo[:30, :40], orientation=orientation)
    result = Picture(255 - enlarge(picture, 60, 80).samples, orientation=orientation)
    page = parsed(compare(result, picture, SUPPORT, {"Weights": "w"}).page("<a> & b"))
    turn = 1 if orientation == 1 else -1
    plain = enlarge(picture, 60, 80).samples
    for name, samples in (("before", plain), ("after", result.samples)):
        head, image = decoded(page.images[name]["src"])
        assert head == "data:image/png;base64"
        expected = samples if turn == 1 else np.rot90(samples, -1)
        np.testing.assert_array_equal(np.asarray(image), expected)
    for words in ("<a> & b", "Weights", "96.9 % of the coefficients, the others 0.80 steps off"):
        assert words in page.text
    assert all(address.startswith("data:") for address in page.addresses)


def test_page_may_load_nothing(photo: Pixels) -> None:
    picture = Picture(photo[:8, :8])
    page = compare(Picture(photo[:16, :16]), picture, None, {}).page("a").decode()
    (policy,) = re.findall(r'http-equiv="Content-Security-Policy" content="([^"]+)"', page)
    rules = [rule.split() for rule in policy.split(";")]
    assert rules[0] == ["default-src", "'none'"]
    assert {word for _, *words in rules for word in words} == {"'none'", "data:", "'unsafe-inline'"}


def test_large_pictures_are_jpegs_with_their_profile(photo: Pixels) -> None:
    side = int(LOSSLESS**0.5) + 1
    picture = Picture(photo[:8, :8], metadata=Metadata(icc_profile=b"profile"))
    result = Picture(np.full((side, side, 3), 90, np.uint8), metadata=picture.metadata)
    page = parsed(compare(result, picture, None, {}).page("a"))
    head, image = decoded(page.images["after"]["src"])
    assert (head, image.size) == ("data:image/jpeg;base64", (side, side))
    assert image.info["icc_profile"] == b"profile"
    assert "JPEG" not in page.text


def test_what_jpeg_cannot_hold_is_png() -> None:
    result = Picture(np.full((LONGEST_SIDE["jpg"] + 2, 62, 3), 90, np.uint8))
    page = parsed(compare(result, Picture(result.samples[::2, ::2]), None, {}).page("a"))
    head, image = decoded(page.images["after"]["src"])
    assert (head, image.size) == ("data:image/png;base64", result.size)


@pytest.mark.parametrize("deep", [False, True])
def test_side_is_half_and_half(photo: Pixels, deep: bool) -> None:
    samples = photo[:30, :40].astype(np.uint16) * 257 if deep else photo[:30, :40]
    alpha = samples[..., 0]
    picture = Picture(samples, alpha | 1)
    before = enlarge(picture, 60, 80)
    result = Picture(before.samples[::-1].copy(), alpha.repeat(2, 0).repeat(2, 1))
    drawn = compare(result, picture, None, {}).side()
    np.testing.assert_array_equal(drawn.samples[:, :39], before.samples[:, :39])
    np.testing.assert_array_equal(drawn.samples[:, 41:], result.samples[:, 41:])
    assert (drawn.samples[:, 39:41] == np.iinfo(samples.dtype).max).all()
    assert drawn.alpha is not None
    assert before.alpha is not None
    np.testing.assert_array_equal(drawn.alpha[:, :40], before.alpha[:, :40])
