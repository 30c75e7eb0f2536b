"""Refusals name the kind of a file that is no picture that can be read."""

import io
from typing import Any

import pytest
from PIL import Image

from jcarsr.errors import ImageError
from jcarsr.image import decode


def saved(format: str, **options: Any) -> bytes:
    stream = io.BytesIO()
    Image.radial_gradient("L").resize((64, 48)).convert("RGB").save(stream, format, **options)
    return stream.getvalue()


def refusal(data: bytes) -> str:
    with pytest.raises(ImageError) as caught:
        decode(io.BytesIO(data))
    return str(caught.value)


@pytest.mark.parametrize(
    ("format", "name"),
    [
        ("JPEG2000", "a JPEG 2000"),
        ("ICO", "an icon"),
        ("PPM", "a PNM"),
        ("DDS", "a DDS texture"),
        ("PDF", "a PDF"),
        ("EPS", "a PostScript file"),
    ],
)
def test_other_formats_of_pillow(format: str, name: str) -> None:
    assert refusal(saved(format)) == f"{name}, which cannot be read"


@pytest.mark.parametrize(
    ("data", "name"),
    [
        (b"<!DOCTYPE html><html><body>404</body></html>", "a web page, no picture"),
        (b'<?xml version="1.0"?>\n<svg xmlns="http://www.w3.org/2000/svg"/>', "an SVG, no picture"),
        (b"\xef\xbb\xbf<Error><Code>AccessDenied</Code></Error>", "markup, no picture"),
        (b"\0\0\0\x18ftypmp42" + bytes(99), "a video, which"),
        (b"\xff\x0a" + bytes(99), "a JPEG XL, which"),
        (saved("JPEG").decode("latin-1").encode(), "a JPEG that was converted as if it were text"),
        (saved("PNG").replace(b"\r\n", b"\n"), "a PNG that is damaged or breaks off"),
        (saved("AVIF")[:100], "an AVIF that is damaged or breaks off"),
    ],
)
def test_what_else_is_found_under_the_names_of_pictures(data: bytes, name: str) -> None:
    assert refusal(data).startswith(name)


@pytest.mark.parametrize("data", [b"", b"hello", bytes(5000), b"{}", b"< 5", b"PNG"])
def test_what_has_no_name(data: bytes) -> None:
    assert refusal(data) == "not a picture that can be read"


@pytest.mark.parametrize("share", [0.5, 0.97])
@pytest.mark.parametrize("lossless", [True, False])
def test_a_webp_that_breaks_off_is_truncated(share: float, lossless: bool) -> None:
    data = saved("WEBP", lossless=lossless)
    assert refusal(data[: int(len(data) * share)]) == "cannot be decoded (truncated)"


@pytest.mark.filterwarnings("ignore::UserWarning")  # of Pillow
def test_a_tiff_without_its_directory_is_named() -> None:
    data = saved("TIFF", compression="tiff_lzw")  # its directory is at the end
    assert refusal(data[:-200]).startswith("a TIFF that is damaged or breaks off")
