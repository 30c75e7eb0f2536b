import io
from collections.abc import Callable

import pytest
from PIL import Image

from jcarsr.image import Picture, decode
from jcarsr.image.facts import facts

MP4 = b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom" + b"\0\0\0\x08mdat" + bytes(range(256)) * 20
XMP = (
    b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF '
    b'xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description rdf:about="" '
    b'xmlns:GCamera="http://ns.google.com/photos/1.0/camera/" GCamera:MicroVideo="1" '
    b'GCamera:MicroVideoOffset="5152"/></rdf:RDF></x:xmpmeta>'
)


def jpeg(level: int = 128, **options: object) -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (40, 24), (level, 90, 60)).save(file, "JPEG", **options)  # pyright: ignore
    return file.getvalue()


def several() -> bytes:
    """As stereo cameras save it: pictures of a multi-picture format."""
    file = io.BytesIO()
    first, second = (Image.new("RGB", (40, 24), (level, 90, 60)) for level in (128, 20))
    first.save(file, "MPO", save_all=True, append_images=[second])
    return file.getvalue()


CASES: dict[str, tuple[Callable[[], bytes], str]] = {
    "video": (lambda: jpeg() + MP4, " (a video)"),
    "video after padding": (lambda: jpeg() + bytes(64) + MP4, " (a video)"),
    "second picture": (lambda: jpeg() + jpeg(20), " (another picture)"),
    "progressive": (lambda: jpeg(progressive=True) + jpeg(20), " (another picture)"),
    "several pictures": (several, " (another picture)"),
    "picture and video": (lambda: jpeg() + jpeg(20) + MP4, " (another picture, a video)"),
    "archive": (lambda: jpeg() + b"PK\3\4" + bytes(range(200)) * 6, ""),
}


def notes_of(data: bytes) -> tuple[str, ...]:
    picture = decode(io.BytesIO(data))
    assert isinstance(picture, Picture)
    assert abs(int(picture.samples[0, 0, 0]) - 128) < 3  # the first one's
    return picture.notes


@pytest.mark.parametrize("case", CASES)
def test_what_stands_behind_the_picture_is_noted(case: str) -> None:
    make, kind = CASES[case]
    data = make()
    behind = len(data) - data.index(b"\xff\xd9") - 2
    assert notes_of(data) == (f"{behind:,} bytes behind the picture{kind} were left out",)
    about = [note for note in facts(io.BytesIO(data)).notes if "several pictures" not in note]
    assert any("behind the picture" in note for note in about) == (case != "several pictures")


@pytest.mark.parametrize(
    "rest", [b"", bytes(5000), b"\r\n", b"\xff" * 100, b"few bytes", b"junk" * 200]
)
def test_padding_is_not(rest: bytes) -> None:
    assert notes_of(jpeg() + rest) == ()
    assert not any("behind" in note for note in facts(io.BytesIO(jpeg() + rest)).notes)


def test_what_xmp_told_is_not_told_twice() -> None:
    data = jpeg(xmp=XMP) + MP4
    assert notes_of(data) == ("its video was left out",)
    assert not any("behind" in note for note in facts(io.BytesIO(data)).notes)
