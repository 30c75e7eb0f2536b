"""`Restorer.restore_bytes`: equal to files, byte for byte and refusal for refusal."""

import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from support.pictures import DEEP

from jcarsr import ImageError, Restorer, SaveOptions, Target
from jcarsr.image import Format
from jcarsr.image import guard as guarding
from jcarsr.image.metadata.read import Metadata
from jcarsr.image.png.write16 import write_png16
from jcarsr.pixels import Pixels

DESCRIPTION = 0x010E  # an EXIF tag


@pytest.fixture
def restorer(tiny_weights: Path) -> Restorer:
    return Restorer(str(tiny_weights), threads=1)


def picture(kind: str, photo: Pixels) -> bytes:
    """The bytes of a file of some kind, of 30x20 pixels or so."""
    file = io.BytesIO()
    image = Image.fromarray(photo[:20, :30])
    if kind == "jpeg":
        exif = Image.Exif()
        exif[DESCRIPTION], exif[0x0112] = "a description", 6
        image.save(file, "JPEG", quality=20, exif=exif, dpi=(150, 150))
    elif kind == "deep":
        write_png16(file, np.tile(DEEP[..., :3], (2, 3, 1))[:, :30].copy(), Metadata())
    elif kind == "transparent":
        image.putalpha(Image.linear_gradient("L").resize(image.size))
        image.save(file, "PNG")
    elif kind == "animated":
        frames = [image, image.rotate(180)]
        frames[0].save(file, "GIF", save_all=True, append_images=frames[1:], duration=70)
    elif kind == "truncated":
        image.save(file, "JPEG")
        return file.getvalue()[:-200]
    elif kind == "noise":
        return b"no picture at all"
    return file.getvalue()


@pytest.mark.parametrize(
    ("kind", "format"),
    [
        *[("jpeg", format) for format in ("png", "jpg", "webp", "avif", "tiff")],
        ("deep", "png"),
        ("deep", "tiff"),
        ("transparent", "webp"),
        ("animated", "webp"),
        ("animated", "png"),
    ],
)
def test_bytes_are_those_of_the_file(
    kind: str, format: Format, restorer: Restorer, photo: Pixels, tmp_path: Path
) -> None:
    data, save = picture(kind, photo), SaveOptions(quality=80)
    (tmp_path / "source").write_bytes(data)
    target = tmp_path / f"result.{format}"
    written = restorer.restore_file(
        tmp_path / "source", target, Target(long_side=50), save=save, strength=0.7
    )
    made, outcome = restorer.restore_bytes(
        data, Target(long_side=50), format=format, name="s3://b/k", save=save, strength=0.7
    )
    assert made == target.read_bytes()
    differing = {"source": "s3://b/k", "target": None, "seconds": outcome.seconds}
    assert vars(outcome) == vars(written) | differing
    assert 0 < outcome.seconds < 60
    if kind == "jpeg" and format != "avif":
        with Image.open(io.BytesIO(made)) as image:  # read by other code
            assert image.size == (33, 50)
            assert image.getexif()[DESCRIPTION] == "a description"


@pytest.mark.parametrize(
    ("kind", "format"),
    [
        ("empty", "png"),
        ("noise", "png"),
        ("truncated", "png"),
        ("transparent", "jpg"),
        ("animated", "tiff"),
    ],
)
@pytest.mark.parametrize("timeout", [None, 20.0])
def test_refusals_are_those_of_files(
    kind: str,
    format: Format,
    timeout: float | None,
    tiny_weights: Path,
    photo: Pixels,
    tmp_path: Path,
) -> None:
    source, data = tmp_path / "source", picture(kind, photo)
    source.write_bytes(data)
    with Restorer(str(tiny_weights), threads=1, decode_timeout=timeout) as restorer:
        with pytest.raises(ImageError) as of_file:
            restorer.restore_file(source, tmp_path / f"result.{format}")
        with pytest.raises(ImageError) as of_bytes:
            restorer.restore_bytes(data, format=format, name=str(source))
        assert str(of_bytes.value) == str(of_file.value)
        assert type(of_bytes.value) is type(of_file.value)
        assert "\n" not in str(of_bytes.value)
        with pytest.raises(ImageError, match=r"^bytes: "):
            restorer.restore_bytes(data, format=format)


def test_more_bytes_than_a_file_may_have_are_refused_alike(
    restorer: Restorer, photo: Pixels, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(guarding, "MAX_BYTES", 300)
    data = picture("jpeg", photo)
    (tmp_path / "a.jpg").write_bytes(data)
    with pytest.raises(ImageError) as of_file:
        restorer.restore_file(tmp_path / "a.jpg", tmp_path / "b.png")
    with pytest.raises(ImageError, match="bytes, more than 300: refused") as of_bytes:
        restorer.restore_bytes(data, name=str(tmp_path / "a.jpg"))
    assert str(of_bytes.value) == str(of_file.value)


@pytest.mark.parametrize("kind", [bytearray, memoryview])
def test_other_buffers_are_bytes(kind: Any, restorer: Restorer, photo: Pixels) -> None:
    data = picture("jpeg", photo)
    assert restorer.restore_bytes(kind(data))[0] == restorer.restore_bytes(data)[0]


def test_a_path_is_never_opened(restorer: Restorer, photo: Pixels, tmp_path: Path) -> None:
    (tmp_path / "a.jpg").write_bytes(picture("jpeg", photo))
    for wrong in (str(tmp_path / "a.jpg"), tmp_path / "a.jpg", 7, None):
        with pytest.raises(TypeError):
            restorer.restore_bytes(wrong)  # pyright: ignore[reportArgumentType]


def test_words_that_are_no_formats_are_refused(restorer: Restorer, photo: Pixels) -> None:
    data = picture("jpeg", photo)
    with pytest.raises(ValueError, match="png, jpg, webp, avif, tiff, got 'bmp'"):
        restorer.restore_bytes(data, format="bmp")  # pyright: ignore[reportArgumentType]
    alias: Any = "JPEG"
    assert restorer.restore_bytes(data, format=alias)[0].startswith(b"\xff\xd8")
