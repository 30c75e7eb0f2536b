import io
import struct
import zlib
from itertools import pairwise

import numpy as np
import pytest
from PIL import Image, ImageCms

from jcarsr.image.picture import Metadata
from jcarsr.image.png.write16 import write_png16
from jcarsr.pixels import Samples

SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
NONE = Metadata()
RANDOM = np.random.default_rng(0).integers(0, 65_536, (150, 7, 4)).astype(np.uint16)


def written(samples: Samples, metadata: Metadata = NONE) -> bytes:
    stream = io.BytesIO()
    write_png16(stream, samples, metadata)
    return stream.getvalue()


def chunks(png: bytes) -> list[tuple[bytes, bytes]]:
    """As the PNG specification has them, 5.3; their checksums are tested."""
    assert png[:8] == b"\x89PNG\r\n\x1a\n"
    found, at = [], 8
    while at < len(png):
        length, kind = struct.unpack_from(">I4s", png, at)
        data = png[at + 8 : at + 8 + length]
        assert struct.unpack_from(">I", png, at + 8 + length)[0] == zlib.crc32(kind + data)
        found.append((kind, data))
        at += length + 12
    return found


def decoded(png: bytes) -> Samples:
    """By the specification's words for filter type 2: what stands above is added (9.2)."""
    parts = chunks(png)
    width, height, bits, kind = struct.unpack_from(">IIBB", parts[0][1])
    assert bits == 16
    channels = {0: 1, 2: 3, 6: 4}[kind]
    data = zlib.decompress(b"".join(data for name, data in parts if name == b"IDAT"))
    rows = np.frombuffer(data, np.uint8).reshape(height, -1)
    assert set(rows[:, 0]) == {2}
    summed = np.cumsum(rows[:, 1:], axis=0, dtype=np.uint8)
    return summed.view(">u2").astype(np.uint16).reshape(height, width, channels)


@pytest.mark.parametrize("channels", [1, 3, 4])
@pytest.mark.parametrize("height", [1, 63, 64, 65, 150])  # rows are compressed 64 at once
def test_every_bit_is_there(channels: int, height: int) -> None:
    samples = RANDOM[:height, :, :channels]
    np.testing.assert_array_equal(decoded(written(samples)), samples)


@pytest.mark.parametrize("channels", [1, 3, 4])
def test_pillow_reads_it(channels: int) -> None:
    samples = RANDOM[..., :channels]
    with Image.open(io.BytesIO(written(samples))) as image:
        assert image.mode == {1: "I;16", 3: "RGB", 4: "RGBA"}[channels]
        expected = samples[..., 0] if channels == 1 else samples >> 8  # Pillow cuts colours off
        np.testing.assert_array_equal(np.asarray(image), expected)


def test_metadata_stands_before_the_pixels() -> None:
    exif = Image.Exif()
    exif[0x010F] = "Maker"
    metadata = Metadata(
        icc_profile=SRGB, exif=exif.tobytes(), xmp="<x>Zoë</x>".encode(), dpi=(300, 150)
    )
    png = written(RANDOM, metadata)
    order = [kind for kind, _ in chunks(png)]
    assert (order[0], order[-1]) == (b"IHDR", b"IEND")
    for before, after in pairwise([b"iCCP", b"pHYs", b"iTXt", b"eXIf", b"IDAT"]):
        assert order.index(before) < order.index(after)
    with Image.open(io.BytesIO(png)) as image:
        assert image.info["icc_profile"] == SRGB
        assert image.info["dpi"] == pytest.approx((300, 150), rel=1e-4)
        assert image.info["XML:com.adobe.xmp"] == "<x>Zoë</x>"
        assert dict(image.getexif()) == {0x010F: "Maker"}


def test_no_metadata_no_chunks() -> None:
    assert {kind for kind, _ in chunks(written(RANDOM))} == {b"IHDR", b"IDAT", b"IEND"}


def test_smooth_pictures_become_small() -> None:
    ramp = np.broadcast_to(
        np.linspace(0, 65_535, 200).astype(np.uint16)[:, None, None], (200, 99, 3)
    )
    assert len(written(ramp)) < ramp.nbytes / 20
