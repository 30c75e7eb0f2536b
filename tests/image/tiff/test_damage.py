"""Damaged strips of TIFFs, of which libtiff says nothing that Pillow would pass on."""

import io

import numpy as np
import pytest
import tifffile
from PIL import Image

from jcarsr.errors import ImageError
from jcarsr.image import decode
from jcarsr.image.open import DAMAGED
from jcarsr.image.tiff.damage import is_damaged_tiff
from jcarsr.pixels import Pixels


def saved(photo: Pixels, compression: str) -> bytes:
    stream = io.BytesIO()
    Image.fromarray(photo).save(stream, "TIFF", compression=compression)
    return stream.getvalue()


def damaged(data: bytes) -> bool:
    with Image.open(io.BytesIO(data)) as image:
        return is_damaged_tiff(image, data)


def first_strip(data: bytes) -> tuple[int, int]:
    with tifffile.TiffFile(io.BytesIO(data)) as file:
        page = file.pages[0]
        return page.dataoffsets[0], page.databytecounts[0]


@pytest.mark.parametrize(
    "compression", ["raw", "tiff_lzw", "tiff_adobe_deflate", "tiff_deflate", "jpeg", "packbits"]
)
def test_whole_files(photo: Pixels, compression: str) -> None:
    data = saved(photo, compression)
    assert not damaged(data)
    assert decode(io.BytesIO(data)).notes == ()


def test_whole_files_of_tiles(photo: Pixels) -> None:
    stream = io.BytesIO()
    tifffile.imwrite(stream, photo, tile=(64, 64), compression="zlib", photometric="rgb")
    assert not damaged(stream.getvalue())
    broken = bytearray(stream.getvalue())
    place, length = first_strip(bytes(broken))
    broken[place + length // 2] ^= 0x55
    assert damaged(bytes(broken))


def test_a_wrong_sum_of_deflated_rows_is_noted(photo: Pixels) -> None:
    data = bytearray(saved(photo, "tiff_adobe_deflate"))
    place, length = first_strip(bytes(data))
    data[place + length - 1] ^= 1
    assert damaged(bytes(data))
    try:
        assert decode(io.BytesIO(data)).notes == (DAMAGED,)
    except ImageError as error:  # a libtiff that looks at it
        assert "cannot be decoded" in str(error)


@pytest.mark.parametrize("compression", ["tiff_adobe_deflate", "jpeg"])
def test_a_hole_is_noted_or_refused(photo: Pixels, compression: str) -> None:
    data = bytearray(saved(photo, compression))
    place, length = first_strip(bytes(data))
    middle = place + length // 2
    data[middle : middle + 200] = np.random.default_rng(0).integers(0, 250, 200, np.uint8).tobytes()
    assert damaged(bytes(data))
    try:
        assert DAMAGED in decode(io.BytesIO(data)).notes
    except ImageError as error:
        assert "cannot be decoded" in str(error)


@pytest.mark.parametrize("kind", [2, 7])
@pytest.mark.parametrize("compression", ["tiff_adobe_deflate", "jpeg"])
def test_places_that_are_no_integers_are_not_followed(
    photo: Pixels, compression: str, kind: int
) -> None:
    """As texts or bytes, which TIFF's readers take for what they should be."""
    data = bytearray(saved(photo, compression))
    with tifffile.TiffFile(io.BytesIO(data)) as file:
        entries = {tag.code: tag.offset for tag in file.pages[0].tags}
    for tag in (273, 279, 347):
        if tag in entries:
            data[entries[tag] + 2] = kind
    assert not damaged(bytes(data))
