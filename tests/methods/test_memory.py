"""A method that restores a picture once."""

import numpy as np
import pytest

from jcarsr.jpeg.decoded import Decoded
from jcarsr.jpeg.last_save import LastSave
from jcarsr.methods.chain import chain
from jcarsr.methods.memory import Memory
from jcarsr.methods.method import Method
from jcarsr.pixels import Pixels


def counting(seen: list[Decoded], sha256: str | None, step: int = 1) -> Method:
    def restore(decoded: Decoded) -> Pixels:
        seen.append(decoded)
        return decoded.pixels + np.uint8(step)

    return Method(name="counting", scale=1, restore=restore, sha256=sha256)


def picture(value: int, shape: tuple[int, int] = (2, 3), qf: int | None = None) -> Decoded:
    pixels = np.full((*shape, 3), value, np.uint8)
    return Decoded(pixels=pixels, last_save=LastSave(format="JPEG", qf=qf))


def test_chains_that_begin_alike_restore_a_picture_once() -> None:
    memory, seen, after = Memory(), list[Decoded](), list[Decoded]()
    for step in (10, 20):  # each scoring loads its methods anew
        first, second = counting(seen, "a" * 64), counting(after, "b" * 64, step)
        method, plain = chain([memory.of(first), second]), chain([first, second])
        assert (method.name, method.sha256) == (plain.name, plain.sha256)
        for value in (3, 4):
            restored = method.restore(picture(value))
            np.testing.assert_array_equal(restored, np.full((2, 3, 3), value + 1 + step))
    assert [int(one.pixels[0, 0, 0]) for one in seen] == [3, 4]
    assert len(after) == 4


@pytest.mark.parametrize(
    "other", [picture(4), picture(3, (3, 2)), picture(3, qf=10)], ids=["pixels", "shape", "save"]
)
def test_what_a_method_can_see_makes_another_picture(other: Decoded) -> None:
    seen: list[Decoded] = []
    method = Memory().of(counting(seen, "a" * 64))
    for one in (picture(3), other, picture(3)):
        np.testing.assert_array_equal(method.restore(one), one.pixels + 1)
    assert len(seen) == 2


def test_other_weights_and_none_restore_anew() -> None:
    memory, seen = Memory(), list[Decoded]()
    for sha256, step in (("a" * 64, 1), ("b" * 64, 2), ("a" * 64, 1), (None, 3), (None, 4)):
        restored = memory.of(counting(seen, sha256, step)).restore(picture(3))
        np.testing.assert_array_equal(restored, picture(3).pixels + step)
    assert len(seen) == 5
