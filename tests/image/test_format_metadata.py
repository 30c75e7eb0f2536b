"""What is left out, and that it is told; that the rest is written is in the tests of its kinds."""

from dataclasses import replace

import pytest
from PIL import ImageCms

from jcarsr.image import Metadata
from jcarsr.image.format_metadata import fit_metadata

SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
FULL = Metadata(icc_profile=SRGB, exif=b"exif", xmp=b"xmp", iptc=b"iptc")


@pytest.mark.parametrize("format", ["jpg", "png", "tiff"])
def test_these_hold_all(format: str) -> None:
    assert fit_metadata(FULL, format) == (FULL, ())


@pytest.mark.parametrize("format", ["webp", "avif"])
def test_these_have_no_place_for_iptc(format: str) -> None:
    held, notes = fit_metadata(FULL, format)
    assert held == replace(FULL, iptc=None)
    assert notes == (f"its IPTC data, which {format} cannot hold, was left out",)


@pytest.mark.parametrize("kind", ["exif", "xmp", "iptc"])
@pytest.mark.parametrize("format", ["jpg", "png", "tiff"])
def test_jpeg_alone_has_small_segments(kind: str, format: str) -> None:
    for size, fits in ((65_000, True), (65_001, format != "jpg")):
        metadata = replace(Metadata(), **{kind: bytes(size)})
        held, notes = fit_metadata(metadata, format)
        assert held == (metadata if fits else Metadata())
        left_out = f"its {kind.upper()} data is larger than jpg can hold and was left out"
        assert notes == (() if fits else (left_out,))


@pytest.mark.parametrize(("dpi", "kept"), [(65_535.0, True), (100_000.0, False)])
def test_resolution_beyond_16_bits_is_left_out_of_jpeg(dpi: float, kept: bool) -> None:
    metadata, notes = fit_metadata(Metadata(dpi=(72.0, dpi)), "jpg")
    assert (metadata.dpi is not None, bool(notes)) == (kept, not kept)
    assert fit_metadata(Metadata(dpi=(72.0, dpi)), "png")[0].dpi == (72.0, dpi)
