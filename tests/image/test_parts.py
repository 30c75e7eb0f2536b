import io
import struct

import pytest
from PIL import Image
from support.decoding import refusal_of_all

from jcarsr.errors import ImageError
from jcarsr.image import Animation, decode
from jcarsr.image.parts import MAX_FRAMES, MAX_PARTS, check_chunks, check_gif

HEAD = b"GIF89a" + struct.pack("<HHBBB", 1, 1, 0x80, 0, 0) + bytes(6)
FRAME = b"\x2c" + struct.pack("<HHHHB", 0, 0, 1, 1, 0) + b"\2\2\x44\1\0"
COMMENT = b"\x21\xfe\1a\0"


def saved(format: str) -> bytes:
    stream = io.BytesIO()
    Image.new("RGB", (8, 8)).save(stream, format)
    return stream.getvalue()


def test_frames_of_a_gif() -> None:
    few = HEAD + FRAME * 30 + b";"
    found = decode(io.BytesIO(few))
    assert isinstance(found, Animation)
    assert len(found) == 30
    many = HEAD + FRAME * (MAX_FRAMES + 1) + b";"
    assert refusal_of_all(many) == "more than 10,000 frames: refused"
    check_gif(io.BytesIO(HEAD + FRAME * MAX_FRAMES + b";"))


def test_comments_of_a_gif() -> None:
    decode(io.BytesIO(HEAD + COMMENT * 50 + FRAME + b";"))
    many = HEAD + COMMENT * (MAX_PARTS + 3) + FRAME + b";"
    assert refusal_of_all(many) == "more extensions and blocks than a picture needs: refused"


@pytest.mark.parametrize("cut", [6, 11, 14, 25, 40])
def test_broken_gifs_are_left_to_pillow(cut: int) -> None:
    check_gif(io.BytesIO((HEAD + COMMENT + FRAME)[:cut]))


def test_chunks_of_a_webp() -> None:
    whole = saved("WEBP")
    decode(io.BytesIO(whole + (b"AAAA" + bytes(4)) * 50))
    many = whole + (b"AAAA" + bytes(4)) * (MAX_PARTS + 1)
    assert refusal_of_all(many) == "more than 20,000 chunks: refused"
    with pytest.raises(ImageError, match=r"^more than 10,000 frames: refused$"):
        check_chunks(io.BytesIO(whole + (b"ANMF" + bytes(4)) * (MAX_FRAMES + 1)), riff=True)


def test_boxes_of_an_avif() -> None:
    many = saved("AVIF") + (struct.pack(">I", 8) + b"free") * (MAX_PARTS + 1)
    assert refusal_of_all(many) == "more than 20,000 chunks: refused"
