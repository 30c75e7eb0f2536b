import io
import struct
import zlib
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageCms
from support.decoding import animation, difference, moving, plain, refusal, still

from jcarsr.image import Picture, ReadOptions
from jcarsr.image.decode import decode
from jcarsr.pixels import Pixels


@pytest.fixture
def image(photo: Pixels) -> Image.Image:
    return Image.fromarray(photo)


class TestAnimations:
    @pytest.mark.parametrize("format", ["GIF", "PNG", "WEBP", "AVIF"])
    def test_frames_and_their_times(self, format: str) -> None:
        options = {"quality": 100, "subsampling": "4:4:4"} if format == "AVIF" else {}
        options |= {"lossless": True} if format == "WEBP" else {}
        found = animation(moving(plain(), format, duration=[40, 80, 120, 400], **options))
        assert (len(found), found.size) == (4, (12, 10))
        assert found.milliseconds == (40, 80, 120, 400)
        for _ in range(2):  # frames can be asked for again
            frames = list(found.decode_frames())
            assert [frame.samples.shape for frame in frames] == [(10, 12, 3)] * 4
            for frame, colour in zip(frames, plain(), strict=True):
                assert difference(frame.samples, colour) <= 2
                assert frame.alpha is None

    @pytest.mark.parametrize("cut", [0, 1, 2, 20])
    def test_gif_that_breaks_off(self, cut: int) -> None:
        """Of one that lacks its last byte, or has one more, nothing is lost."""
        whole = moving(plain(), "GIF")
        assert len(animation(whole[:-1])) == len(animation(whole + b"x")) == 4
        data = whole[: len(whole) - cut]
        if cut < 2:
            assert not animation(data).notes
            return
        assert "truncated" in refusal(data)
        assert "truncated: what could be decoded was taken" in animation(data, salvage=True).notes
        assert isinstance(decode(io.BytesIO(data), ReadOptions(first_frame=True)), Picture)

    def test_metadata_behind_the_frames_of_a_png(self) -> None:
        exif = Image.Exif()
        exif[0x0112], exif[0x010F] = 6, "Maker"  # a quarter turn
        data, late = moving(plain(), "PNG"), b"eXIf" + exif.tobytes()[6:]
        late = struct.pack(">I", len(late) - 4) + late + struct.pack(">I", zlib.crc32(late))
        found = animation(data[:-12] + late + data[-12:])  # before IEND
        assert found.size == (10, 12)
        assert b"Maker" in (found.metadata.exif or b"")
        assert [frame.orientation for frame in found.decode_frames()] == [6] * 4

    @pytest.mark.parametrize(
        ("format", "said", "plays"),
        [
            ("GIF", None, 1),  # without Netscape's extension
            ("GIF", 0, 0),
            ("GIF", 3, 4),  # repetitions
            ("PNG", 0, 0),
            ("PNG", 3, 3),
            ("WEBP", 0, 0),
            ("WEBP", 3, 3),
            ("AVIF", None, 0),
        ],
    )
    def test_plays(self, format: str, said: int | None, plays: int) -> None:
        data = moving(plain(), format, duration=50, **({} if said is None else {"loop": said}))
        if format == "GIF":
            assert (b"NETSCAPE2.0\3\1" in data) == (said is not None)
        assert animation(data).plays == plays

    def test_still_for_viewers_without_animation_is_no_frame(self) -> None:
        data = moving(plain(), "PNG", default_image=True, duration=[10, 20, 30])
        found = animation(data)
        assert found.milliseconds == (10, 20, 30)
        first = [frame.samples[0, 0].tolist() for frame in found.decode_frames()]
        assert first == [[0, 255, 0], [0, 0, 255], [255, 255, 255]]
        assert still(data, first_frame=True).samples[0, 0].tolist() == [255, 0, 0]

    @pytest.mark.parametrize("format", ["GIF", "PNG", "WEBP", "AVIF"])
    def test_first_frame_alone(self, format: str) -> None:
        options = {"lossless": True} if format == "WEBP" else {}
        picture = still(moving(plain(), format, duration=50, **options), first_frame=True)
        assert difference(picture.samples, plain()[0]) <= 2

    @pytest.mark.parametrize(
        ("format", "options"),
        [
            ("GIF", {"disposal": 2}),
            ("PNG", {"disposal": 0}),
            ("PNG", {"disposal": 1}),
            ("WEBP", {"lossless": True}),
            ("AVIF", {"quality": 100, "subsampling": "4:4:4"}),
        ],
        ids=str,
    )
    def test_transparency(self, format: str, options: dict[str, Any]) -> None:
        shapes = np.zeros((3, 20, 30, 4), np.uint8)
        for index in range(3):
            shapes[index, 5:15, index * 8 : index * 8 + 10] = (200, 30, 60, 255)
        data = moving([Image.fromarray(shape) for shape in shapes], format, **options)
        for frame, shape in zip(animation(data).decode_frames(), shapes, strict=True):
            np.testing.assert_array_equal(frame.alpha, shape[..., 3])
            shown = frame.samples[shape[..., 3] == 255]
            assert np.abs(shown.astype(int) - (200, 30, 60)).max() <= 3

    def test_partly_changed_frames_are_whole(self, photo: Pixels) -> None:
        """Writers store the changed rectangle only."""
        frames = [photo[:40, :60].copy() for _ in range(3)]
        frames[1][10:20, 5:15] = 0
        frames[2][30:32, 50:52] = 255
        data = moving([Image.fromarray(frame) for frame in frames], "PNG")
        for frame, expected in zip(animation(data).decode_frames(), frames, strict=True):
            np.testing.assert_array_equal(frame.samples, expected)

    @pytest.mark.parametrize("format", ["GIF", "PNG", "WEBP", "AVIF"])
    def test_all_frames_count_as_pixels(self, format: str) -> None:
        data = moving(plain(), format, duration=50)
        assert len(animation(data, max_pixels=480)) == 4
        message = "4 frames of 12x10 are more than 479 pixels: refused as a bomb"
        assert refusal(data, max_pixels=479) == message
        assert still(data, max_pixels=120, first_frame=True).size == (12, 10)

    def test_frame_beyond_the_edge_is_refused(self) -> None:
        """Pillow's image would grow, past what was counted."""
        data = bytearray(moving(plain(), "GIF", duration=50))
        second = data.index(b"\x2c", data.index(b"\x2c") + 10)
        struct.pack_into("<HH", data, second + 5, 5000, 5000)
        message = "cannot be decoded (frame 1 is larger than the picture)"
        assert refusal(bytes(data), max_pixels=1000) == message

    def test_pages_are_refused_naming_the_option(self) -> None:
        data = moving(plain(), "TIFF")
        assert refusal(data).endswith("with first_frame=True")
        assert still(data, first_frame=True).samples[0, 0].tolist() == [255, 0, 0]

    def test_metadata(self) -> None:
        srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
        data = moving(plain(), "WEBP", icc_profile=srgb, xmp=b"<x/>")
        metadata = animation(data).metadata
        assert (metadata.icc_profile, metadata.xmp) == (srgb, b"<x/>")
        cmyk = srgb[:16] + b"CMYK" + srgb[20:]
        assert animation(moving(plain(), "WEBP", icc_profile=cmyk)).metadata.icc_profile is None

    @pytest.mark.parametrize("format", ["GIF", "PNG"])
    def test_truncated(self, image: Image.Image, format: str) -> None:
        data = moving([image, image.rotate(90)], format)
        assert refusal(data[: len(data) * 2 // 3]).startswith("cannot be decoded (")
