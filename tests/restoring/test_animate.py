import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageOps

from jcarsr import MemoryLimitError, NetworkRestorer
from jcarsr.image import Animation, decode, save
from jcarsr.image.header import read_header
from jcarsr.pixels import Planes
from jcarsr.restoring.animate import animate
from jcarsr.restoring.mix import Mix


class Repeat:
    scale = 2
    bytes_per_pixel = 1

    def run(self, lq: Planes, *, full_precision: bool = False) -> Planes:
        del full_precision
        return lq.repeat(2, 2).repeat(2, 3)


@pytest.fixture
def animation() -> Animation:
    frames = [Image.new("RGB", (30, 20), (80 * index, 10, 20)) for index in range(3)]
    file = io.BytesIO()
    frames[0].save(
        file, "PNG", save_all=True, append_images=frames[1:], duration=[40, 80, 120], loop=2
    )
    decoded = decode(io.BytesIO(file.getvalue()))
    assert isinstance(decoded, Animation)
    return decoded


def test_every_frame_is_restored_and_the_timing_stays(animation: Animation) -> None:
    seen: list[tuple[int, int]] = []
    result, repeated = animate(
        animation,
        Mix(faithful=NetworkRestorer(Repeat())),
        (60, 40),
        lambda *state: seen.append(state),
    )
    assert repeated == 0
    assert (result.milliseconds, result.plays, result.size) == ((40, 80, 120), 2, (60, 40))
    for _ in range(2):  # may be asked for more than once
        first_pixels = [frame.samples[0, 0].tolist() for frame in result.decode_frames()]
        assert first_pixels == [[0, 10, 20], [80, 10, 20], [160, 10, 20]]
    assert seen == [(1, 3), (2, 3), (3, 3)]


def test_too_many_frames_for_the_memory_are_told(animation: Animation) -> None:
    told = r"^3 frames need 84 KiB, more than the 9\.8 KiB allowed$"
    with pytest.raises(MemoryLimitError, match=told):
        animate(animation, Mix(faithful=NetworkRestorer(Repeat())), (60, 40), max_memory=10_000)


@pytest.mark.parametrize("format", ["PNG", "WEBP"])
@pytest.mark.parametrize("orientation", [3, 6, 7])
def test_animation_that_lies_on_its_side_is_turned(
    tmp_path: Path, format: str, orientation: int
) -> None:
    """As Pillow turns each of its frames."""
    pixels = np.arange(20 * 30 * 3, dtype=np.uint8).reshape(20, 30, 3) // 4
    frames = [Image.fromarray(pixels), Image.fromarray(255 - pixels)]
    exif = Image.Exif()
    exif[0x0112], exif[0x010E] = orientation, "a description"
    file = io.BytesIO()
    frames[0].save(file, format, save_all=True, append_images=frames[1:], exif=exif, lossless=True)
    turned = [ImageOps.exif_transpose(self_turning(frame, exif)) for frame in frames]
    decoded = decode(io.BytesIO(file.getvalue()))
    assert isinstance(decoded, Animation)
    assert decoded.size == turned[0].size == read_header(io.BytesIO(file.getvalue())).size
    size = (2 * decoded.size[0], 2 * decoded.size[1])
    result, _ = animate(decoded, Mix(faithful=NetworkRestorer(Repeat())), size)
    save(result, tmp_path / "a.png")
    with Image.open(tmp_path / "a.png") as image:
        assert image.size == size
        assert dict(image.getexif()).get(0x0112, 1) == 1
        assert image.getexif()[0x010E] == "a description"
        for index, expected in enumerate(turned):
            image.seek(index)
            half = np.asarray(image.convert("RGB"))[::2, ::2]
            np.testing.assert_array_equal(half, np.asarray(expected))


def self_turning(frame: Image.Image, exif: Image.Exif) -> Image.Image:
    file = io.BytesIO()
    frame.save(file, "PNG", exif=exif)
    return Image.open(file)
