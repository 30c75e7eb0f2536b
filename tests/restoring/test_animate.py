import io

import pytest
from PIL import Image

from jcarsr import MemoryLimitError, NetworkRestorer
from jcarsr.image import Animation, decode
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
    told = r"^3 frames need 28 KiB, more than the 9\.8 KiB allowed$"
    with pytest.raises(MemoryLimitError, match=told):
        animate(animation, Mix(faithful=NetworkRestorer(Repeat())), (60, 40), max_memory=10_000)
