import io
import struct
from collections.abc import Sequence

import numpy as np
import tifffile
from PIL import Image
from support.decoding import refusal_of_all

from jcarsr.image import decode
from jcarsr.image.tiff.directory import MAX_PAGES

GREY = np.arange(256, dtype=np.uint8).reshape(16, 16)
Tag = tuple[int, int, int, int]


def directory(tags: Sequence[Tag], following: int = 0, order: str = "<") -> bytes:
    packed = b"".join(struct.pack(f"{order}HHII", *tag) for tag in sorted(tags))
    return struct.pack(f"{order}H", len(tags)) + packed + struct.pack(f"{order}I", following)


def picture(*more: Tag, following: int = 0) -> bytes:
    """A TIFF of 16x16 grey pixels with other tags."""
    size = 2 + 12 * (8 + len(more)) + 4
    own = [(256, 4, 1, 16), (257, 4, 1, 16), (258, 4, 1, 8), (259, 4, 1, 1), (262, 4, 1, 1)]
    own += [(277, 4, 1, 1), (273, 4, 1, 8 + size), (279, 4, 1, 256)]
    head = b"II*\0" + struct.pack("<I", 8)
    return head + directory([*own, *more], following) + GREY.tobytes()


def test_the_picture_itself_is_read() -> None:
    found = decode(io.BytesIO(picture()))
    np.testing.assert_array_equal(found.samples[..., 0], GREY)


def test_raw_files_are_refused_by_name() -> None:
    raw = "a camera raw file: only its preview could be read"
    assert refusal_of_all(picture((254, 4, 1, 1))) == raw
    assert refusal_of_all(picture((50706, 1, 4, 1025))) == raw.replace("file", "file (DNG)")
    for tag in ((262, 4, 1, 32803), (262, 4, 1, 34892), (259, 4, 1, 34713)):
        data = picture((330, 4, 1, 8 + 2 + 12 * 9 + 4 + 256))
        assert refusal_of_all(data + directory([tag])) == raw
    heads = (b"II*\0\x10\0\0\0CR\2\0", b"IIRO\x08\0\0\0", b"FUJIFILMCCD-RAW 0201", b"IIU\0\x18")
    for head, name in zip(heads, ("CR2", "ORF", "RAF", "RW2"), strict=True):
        assert refusal_of_all(head + bytes(99)) == raw.replace("file", f"file ({name})")


def test_pyramids_and_pages_are_no_raw_files() -> None:
    smaller = picture((330, 4, 1, 8 + 2 + 12 * 9 + 4 + 256)) + directory([(254, 4, 1, 1)])
    np.testing.assert_array_equal(decode(io.BytesIO(smaller)).samples[..., 0], GREY)
    np.testing.assert_array_equal(decode(io.BytesIO(picture((254, 4, 1, 2)))).samples[..., 0], GREY)


def test_kinds_that_are_not_known_are_named() -> None:
    stream = io.BytesIO()
    tifffile.imwrite(stream, np.zeros((8, 8, 3), np.float32), photometric="rgb")
    message = "TIFFs of 32-bit floating point numbers are not supported"
    assert refusal_of_all(stream.getvalue()) == message
    stream = io.BytesIO()
    inks = np.zeros((8, 8, 5), np.uint8)
    tifffile.imwrite(stream, inks, photometric="separated", extrasamples=["unassalpha"])
    message = "CMYK TIFFs with transparency or spot colours are not supported"
    assert refusal_of_all(stream.getvalue()) == message
    data = bytearray(picture())
    data[data.index(struct.pack("<HHI", 262, 4, 1)) + 8] = 77
    message = "TIFFs of 1 x 8 bits, photometric interpretation 77 and compression 1"
    assert refusal_of_all(bytes(data)) == f"{message} are not supported"


def test_a_tile_larger_than_all_pixels_allowed() -> None:
    data = picture((322, 4, 1, 46_000), (323, 4, 1, 46_000))
    assert refusal_of_all(data).startswith("tiles of 46000x46000 are more than")


def test_many_pages() -> None:
    first = picture()
    size = len(directory([(256, 4, 1, 1)]))
    pages = [
        directory([(256, 4, 1, 1)], len(first) + (index + 1) * size) for index in range(MAX_PAGES)
    ]
    data = picture(following=len(first)) + b"".join(pages)
    assert refusal_of_all(data) == f"more than {MAX_PAGES:,} pages: refused"


def test_more_values_than_there_can_be() -> None:
    assert refusal_of_all(picture((700, 4, 3_000_000, 8))).startswith("more than 2,000,000 values")


def test_jpegs_of_other_kinds_are_named() -> None:
    stream = io.BytesIO()
    Image.new("L", (8, 8)).save(stream, "JPEG")
    data = stream.getvalue()
    at = data.index(b"\xff\xc0")
    for kind, bits, message in (
        (0xC1, 12, "JPEGs of 12 bits a sample are not supported"),
        (0xC3, 16, "lossless JPEGs of 16 bits a sample are not supported"),
        (0xC5, 8, "hierarchical JPEGs are not supported"),
    ):
        changed = data[:at] + bytes([0xFF, kind]) + data[at + 2 : at + 4]
        assert refusal_of_all(changed + bytes([bits]) + data[at + 5 :]) == message
