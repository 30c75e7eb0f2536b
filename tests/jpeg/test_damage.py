"""Damages in the data of JPEGs, of which libjpeg says nothing that Pillow would pass on."""

import io
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from PIL import Image

from jcarsr.errors import ImageError
from jcarsr.image import Picture, ReadOptions, decode
from jcarsr.image.facts import LAST_SAVE, facts
from jcarsr.image.jpeg.whole import TRUNCATED
from jcarsr.jpeg.damage import Damage, find_damage
from jcarsr.jpeg.structure import read_structure
from jcarsr.pixels import Pixels

END = b"\xff\xd9"
DAMAGED = "its data is damaged: part of the picture may be wrong"
REFUSAL = r"^cannot be decoded \(truncated\) \(salvage=True restores what there is\)$"
KINDS: list[dict[str, Any]] = [
    {},
    {"progressive": True},
    {"restart_marker_blocks": 3},
    {"restart_marker_rows": 1, "progressive": True},
    {"restart_marker_rows": 2, "optimize": True},
]


def saved(image: Image.Image, **options: Any) -> bytes:
    stream = io.BytesIO()
    image.save(stream, "JPEG", **{"quality": 50, **options})
    return stream.getvalue()


def damage(data: bytes) -> Damage:
    return find_damage(data, read_structure(data))


def still(data: bytes, **options: Any) -> Picture:
    picture = decode(io.BytesIO(data), ReadOptions(**options))
    assert isinstance(picture, Picture)
    return picture


def scan_start(data: bytes | bytearray) -> int:
    return data.index(b"\xff\xda") + 14


@pytest.fixture
def image(photo: Pixels) -> Image.Image:
    return Image.fromarray(photo[:49, :67])


def pictures(photo: Pixels) -> Iterator[Image.Image]:
    """Of all kinds of content and of odd sizes."""
    randomly = np.random.default_rng(0)
    for width, height in ((1, 1), (17, 33)):
        yield Image.fromarray(photo[:height, :width])
        yield Image.new("RGB", (width, height), "white")
        noise = randomly.integers(0, 2, (height, width, 3)) * 255
        yield Image.fromarray(noise.astype(np.uint8))


class TestWholeFiles:
    @pytest.mark.parametrize("mode", ["RGB", "L", "CMYK"])
    @pytest.mark.parametrize("kind", KINDS, ids=str)
    def test_no_false_alarm(self, photo: Pixels, mode: str, kind: dict[str, Any]) -> None:
        for image in pictures(photo):
            for subsampling, quality in (("4:4:4", 100), ("4:2:2", 30), ("4:2:0", 1)):
                options = {**kind, "quality": quality, "subsampling": subsampling}
                assert damage(saved(image.convert(mode), **options)) == Damage()

    @pytest.mark.parametrize("kind", KINDS, ids=str)
    def test_what_stands_around_the_data_does_no_harm(
        self, image: Image.Image, kind: dict[str, Any]
    ) -> None:
        data = saved(image, **kind)
        segment = b"\xff\xfe\0\6abcd"
        start = data.index(b"\xff\xda")
        for changed in (
            data + b"junk behind" * 9,
            data + saved(image),
            data[:-2] + b"\xff" * 9 + END,  # fill bytes
            data[:-2] + bytes(40) + END,  # padding
            data[:start] + b"\xff\xff" + data[start:],
            data[:start] + segment + data[start:],
        ):
            assert damage(changed) == Damage()
            found = still(changed)
            assert all("behind the picture (another picture)" in note for note in found.notes)
            assert bool(found.notes) == (changed == data + saved(image))
            np.testing.assert_array_equal(found.samples, still(data).samples)

    @pytest.mark.parametrize("kind", KINDS, ids=str)
    @pytest.mark.parametrize("mode", ["RGB", "L", "CMYK"])
    def test_only_the_end_marker_is_missing(
        self, image: Image.Image, kind: dict[str, Any], mode: str
    ) -> None:
        data = saved(image.convert(mode), **kind)
        found = still(data[:-2])
        assert found.notes == ()
        np.testing.assert_array_equal(found.samples, still(data).samples)
        assert facts(io.BytesIO(data[:-2])).notes == (LAST_SAVE,)


class TestBrokenOff:
    @pytest.mark.parametrize("kind", KINDS, ids=str)
    @pytest.mark.parametrize("mode", ["RGB", "L", "CMYK"])
    @pytest.mark.parametrize("percent", [2, 40, 97])
    def test_is_refused(
        self, image: Image.Image, kind: dict[str, Any], mode: str, percent: int
    ) -> None:
        whole = saved(image.convert(mode), **kind)
        start = scan_start(whole)
        cut = start + (len(whole) - start) * percent // 100
        for data in (whole[:cut], whole[:cut] + END):
            with pytest.raises(ImageError, match=REFUSAL):
                still(data)
            found = still(data, salvage=True)
            assert found.notes == (TRUNCATED,)
            assert found.samples.shape == (49, 67, 3)
            note = "truncated: it is refused (salvage=True restores what there is)"
            assert note in facts(io.BytesIO(data)).notes

    @pytest.mark.parametrize("kind", KINDS, ids=str)
    @pytest.mark.parametrize("mode", ["RGB", "L", "CMYK"])
    @pytest.mark.parametrize("percent", [20, 50, 80])
    def test_zeros_instead_of_the_rest(
        self, image: Image.Image, kind: dict[str, Any], mode: str, percent: int
    ) -> None:
        whole = saved(image.convert(mode), **kind)
        start = scan_start(whole)
        cut = start + (len(whole) - start) * percent // 100
        for tail in (bytes(len(whole) - cut - 2) + END, bytes(len(whole) - cut)):
            found = damage(whole[:cut] + tail)
            assert found.broken_off or found.corrupt

    def test_a_header_of_more_than_the_data(self, image: Image.Image) -> None:
        """The decoder would make grey of what is missing."""
        data = bytearray(saved(image))
        at = data.index(b"\xff\xc0") + 5
        data[at : at + 4] = (1000).to_bytes(2) * 2
        with pytest.raises(ImageError, match=REFUSAL):
            still(bytes(data))


class TestChanged:
    @pytest.mark.parametrize("kind", KINDS, ids=str)
    def test_forty_bytes_are_always_noted(self, image: Image.Image, kind: dict[str, Any]) -> None:
        whole = saved(image, **kind)
        randomly = np.random.default_rng(0)
        for _ in range(12):
            data = bytearray(whole)
            for at in randomly.integers(scan_start(whole), len(whole) - 2, 40):
                data[at] = randomly.integers(0, 255)
            found = damage(bytes(data))
            assert found.broken_off or found.corrupt
        assert damage(whole) == Damage()

    def test_the_note(self, image: Image.Image) -> None:
        data = bytearray(saved(image))
        middle = (scan_start(data) + len(data)) // 2
        data[middle : middle + 30] = b"\xaa" * 30
        assert not damage(bytes(data)).broken_off
        assert still(bytes(data)).notes == (DAMAGED,)
        assert DAMAGED in facts(io.BytesIO(data)).notes

    def test_a_mean_that_no_picture_has(self) -> None:
        """All codes are there, and as many blocks as there should be."""
        data = bytearray(saved(Image.new("L", (64, 8), "white")))
        assert damage(data) == Damage()
        first_step = data.index(b"\xff\xdb") + 5
        data[first_step] *= 2
        assert damage(bytes(data)) == Damage(corrupt=True, complete=False)

    def test_a_frame_without_rows(self, image: Image.Image) -> None:
        data = bytearray(saved(image))
        height = data.index(b"\xff\xc0") + 5
        data[height : height + 2] = bytes(2)
        assert damage(bytes(data)).corrupt

    def test_restart_markers_in_a_wrong_order(self, image: Image.Image) -> None:
        data = saved(image, restart_marker_blocks=4)
        assert damage(data.replace(b"\xff\xd2", b"\xff\xd5", 1)).corrupt
        first, second = data.index(b"\xff\xd0"), data.index(b"\xff\xd1")
        found = damage(data[:first] + data[second:])
        assert found.corrupt or found.broken_off


def test_what_lies_beyond_the_steps_is_not_looked_at(image: Image.Image) -> None:
    data = saved(image)
    data = data[:-80] + END
    assert find_damage(data, read_structure(data)).broken_off
    assert find_damage(data, read_structure(data), max_steps=10) == Damage(unknown=True)
