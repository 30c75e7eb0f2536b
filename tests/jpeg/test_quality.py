import io
import math
import struct
from collections.abc import Mapping

import numpy as np
import pytest
from PIL import Image
from PIL.JpegImagePlugin import JpegImageFile

from jcarsr.jpeg.quality import Quality, estimate, quality_of
from jcarsr.pixels import Pixels

NATURAL_AT_50 = (16, 11, 10, 16, 24, 40, 51, 61)  # T.81, table K.1, first row


def saved(mode: str = "RGB", **options: object) -> bytes:
    stream = io.BytesIO()
    Image.new(mode, (16, 16)).save(stream, "JPEG", **options)
    return stream.getvalue()


def told(jpeg: bytes) -> Quality:
    with Image.open(io.BytesIO(jpeg)) as image:
        quality = quality_of(image)
    assert quality is not None
    return quality


def tables_of(jpeg: bytes) -> dict[int, list[int]]:
    with Image.open(io.BytesIO(jpeg)) as image:
        assert isinstance(image, JpegImageFile)
        return image.quantization


def with_tables_of_16_bits(jpeg: bytes, factor: int) -> bytes:
    """The same file with all its steps multiplied and written as 16-bit tables (T.81, B.2.4.1)."""
    out, at = b"", 0
    while (found := jpeg.find(b"\xff\xdb", at)) >= 0:
        (length,) = struct.unpack(">H", jpeg[found + 2 : found + 4])
        segment = jpeg[found + 4 : found + 2 + length]
        assert length == 67  # one table of 8 bits
        steps = struct.pack(">64H", *(step * factor for step in segment[1:]))
        out += jpeg[at:found] + b"\xff\xdb" + struct.pack(">HB", 131, 0x10 | segment[0]) + steps
        at = found + 2 + length
    return out + jpeg[at:]


@pytest.mark.parametrize("mode", ["RGB", "L", "CMYK"])
def test_every_quality_of_libjpeg_is_read_back(mode: str) -> None:
    exact = [Quality(value=q, exact=True, misfit=0.0) for q in range(1, 101)]
    assert [told(saved(mode, quality=q)) for q in range(1, 101)] == exact


def test_progressive_and_subsampling_change_nothing(photo: Pixels) -> None:
    for options in ({"progressive": True}, {"subsampling": "4:4:4"}, {"optimize": True}):
        stream = io.BytesIO()
        Image.fromarray(photo).save(stream, "JPEG", quality=33, **options)
        assert told(stream.getvalue()) == Quality(value=33, exact=True, misfit=0.0)


def test_pillow_gives_tables_row_by_row() -> None:
    assert tuple(tables_of(saved(quality=50))[0][:8]) == NATURAL_AT_50


def test_tables_in_zigzag_order_would_not_pass() -> None:
    zigzag = sorted(range(64), key=lambda i: (s := i // 8 + i % 8, i // 8 if s % 2 else -(i // 8)))
    tables = {0: [tables_of(saved("L", quality=50))[0][i] for i in zigzag]}
    quality = estimate(tables, [0])
    assert quality is not None and not quality.exact


def test_steps_beyond_8_bits() -> None:
    """Libjpeg at quality 10 without force_baseline: 5 times the tables of quality 50, not cut."""
    jpeg = with_tables_of_16_bits(saved(quality=50), 5)
    assert max(tables_of(jpeg)[0]) == 605
    assert told(jpeg) == Quality(value=10, exact=True, misfit=0.0)
    assert told(saved(quality=10)).exact  # the same, cut to 255


def test_8_bit_steps_in_16_bit_tables() -> None:
    jpeg = with_tables_of_16_bits(saved(quality=70), 1)
    assert told(jpeg) == Quality(value=70, exact=True, misfit=0.0)


def test_photoshop_is_not_standard() -> None:
    """Pillow's presets are Photoshop's tables: finer and finer."""
    names = ("web_low", "web_medium", "web_high", "web_very_high", "web_maximum")
    qualities = [told(saved(quality=name)) for name in names]
    assert not any(quality.exact for quality in qualities)
    assert all(quality.misfit > 0.1 for quality in qualities)
    values = [quality.value for quality in qualities]
    assert values == sorted(set(values))


def test_misfit_in_closed_form() -> None:
    """One step of 64 doubled: nearest is still the same quality, by ln 2 / sqrt 64."""
    tables: Mapping[int, list[int]] = tables_of(saved("L", quality=10))
    tables[0][0] *= 2
    quality = estimate(tables, [0])
    assert quality is not None
    assert (quality.value, quality.exact) == (10, False)
    assert math.isclose(quality.misfit, math.log(2) / 8)


def test_other_quality_for_chroma_is_not_exact() -> None:
    """As cjpeg -quality 90,60 writes it: in between, and reported as such."""
    tables = {0: tables_of(saved(quality=90))[0], 1: tables_of(saved(quality=60))[1]}
    quality = estimate(tables, [0, 1, 1])
    assert quality is not None
    assert not quality.exact
    assert 60 < quality.value < 90


def test_one_table_for_all_components() -> None:
    """As libjpeg writes RGB without turning it to YCbCr: the luma table for each."""
    assert told(saved(quality=42, keep_rgb=True)).exact
    assert told(saved(qtables=[tables_of(saved(quality=42))[0]])) == Quality(
        value=42, exact=True, misfit=0.0
    )


def test_three_tables() -> None:
    luma, chroma = tables_of(saved(quality=42)).values()
    jpeg = saved(qtables=[luma, chroma, chroma])
    assert len(tables_of(jpeg)) == 3
    assert told(jpeg) == Quality(value=42, exact=True, misfit=0.0)
    other = saved(qtables=[luma, chroma, [step + 1 for step in chroma]])
    assert not told(other).exact


def test_unused_tables_do_not_count() -> None:
    tables = {**tables_of(saved("L", quality=20)), 1: [7] * 64, 3: [1] * 64}
    assert estimate(tables, [0]) == Quality(value=20, exact=True, misfit=0.0)


def test_tables_that_are_missing() -> None:
    assert estimate({}, [0, 1, 1]) is None
    assert estimate({2: [1] * 64}, [0]) is None
    luma = {0: tables_of(saved(quality=20))[0]}
    assert estimate(luma, [0, 1, 1]) == Quality(value=20, exact=True, misfit=0.0)


@pytest.mark.parametrize("step", [0, 65535])
def test_impossible_steps_are_never_exact(step: int) -> None:
    quality = estimate({0: [step] * 64}, [0])
    assert quality is not None
    assert quality.value == (100 if step == 0 else 1)
    assert not quality.exact
    assert np.isfinite(quality.misfit)


def test_other_formats_have_none() -> None:
    assert quality_of(Image.new("RGB", (8, 8))) is None
