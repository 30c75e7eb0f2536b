"""Damage in arithmetic-coded and lossless JPEGs, of which libjpeg says nothing through Pillow."""

import io

import numpy as np
import pytest
from PIL import Image
from tests.support.rare_jpegs import PROGRESSIVE, RESTARTS, SEQUENTIAL, lossless

from jcarsr.errors import ImageError
from jcarsr.image import Picture, ReadOptions, decode
from jcarsr.image.facts import facts
from jcarsr.image.jpeg.whole import TRUNCATED
from jcarsr.image.open import DAMAGED
from jcarsr.jpeg.damage import Damage
from jcarsr.jpeg.probe import probe
from jcarsr.jpeg.structure import read_structure
from jcarsr.pixels import Pixels

END = b"\xff\xd9"
DOUBTFUL = "its data may be damaged or cut off, unless it ends in one flat colour"
ARITHMETIC = {"sequential": SEQUENTIAL, "progressive": PROGRESSIVE, "restarts": RESTARTS}


def damage(data: bytes) -> Damage:
    return probe(data, read_structure(data))


def still(data: bytes, **options: bool) -> Picture:
    picture = decode(io.BytesIO(data), ReadOptions(**options))
    assert isinstance(picture, Picture)
    return picture


def pixels(data: bytes) -> bytes:
    with Image.open(io.BytesIO(data)) as image:
        return image.tobytes()


@pytest.fixture
def grey(photo: Pixels) -> np.ndarray:
    return np.asarray(Image.fromarray(photo[:60, :80]).convert("L"))


@pytest.mark.parametrize("data", ARITHMETIC.values(), ids=ARITHMETIC)
class TestArithmetic:
    def test_no_false_alarm(self, data: bytes) -> None:
        assert damage(data) == Damage()
        assert damage(data + b"behind the picture") == Damage()
        assert still(data).notes == ()

    def test_a_missing_end_costs_nothing(self, data: bytes) -> None:
        found = still(data[:-2])
        assert found.notes == ()
        np.testing.assert_array_equal(found.samples, still(data).samples)

    @pytest.mark.parametrize("share", [0.3, 0.5, 0.8, 0.95])
    def test_what_is_cut_off_is_refused(self, data: bytes, share: float) -> None:
        cut = data[: int(len(data) * share)]
        for broken in (cut, cut + bytes(len(data) - len(cut)), cut + bytes(500) + END):
            with pytest.raises(ImageError, match=r"^cannot be decoded \(truncated\) \(salvage="):
                still(broken)
            assert TRUNCATED in still(broken, salvage=True).notes

    @pytest.mark.parametrize("share", [0.5, 0.8, 0.95])
    def test_a_cut_that_has_an_end_is_refused_or_noted(self, data: bytes, share: float) -> None:
        broken = data[: int(len(data) * share)] + END
        assert pixels(broken) != pixels(data)  # without an error
        try:
            notes = still(broken).notes
        except ImageError as error:
            assert "truncated" in str(error)
        else:
            assert notes in ((DOUBTFUL,), (DAMAGED,))
            assert notes[0] in facts(io.BytesIO(broken)).notes

    def test_many_changed_bytes_are_noted(self, data: bytes) -> None:
        randomly = np.random.default_rng(1)
        broken = bytearray(data)
        broken[300:340] = randomly.integers(0, 255, 40, np.uint8).tobytes()
        assert pixels(bytes(broken)) != pixels(data)
        assert still(bytes(broken)).notes == (DAMAGED,)


def test_most_changed_bytes_of_a_sequential_one_are_noted() -> None:
    start = read_structure(SEQUENTIAL).scans[0].start
    whole, noted, tried = pixels(SEQUENTIAL), 0, 0
    for at in range(start, len(SEQUENTIAL) - 40, 37):
        if 0xFF in SEQUENTIAL[at - 1 : at + 1]:
            continue
        broken = SEQUENTIAL[:at] + bytes([SEQUENTIAL[at] ^ 0x21]) + SEQUENTIAL[at + 1 :]
        if pixels(broken) != whole:
            found = damage(broken)
            tried += 1
            noted += found.corrupt or found.doubtful or found.broken_off
    assert tried > 20
    assert noted >= 0.8 * tried


def test_a_flat_end_is_not_refused() -> None:
    """Its zeros need not be in the file, so that it looks as if it were cut off."""
    cut = SEQUENTIAL[: len(SEQUENTIAL) // 2] + END
    assert damage(cut).doubtful
    assert not damage(cut).broken_off


class TestLossless:
    def test_no_false_alarm(self, grey: np.ndarray) -> None:
        data = lossless(grey)
        np.testing.assert_array_equal(np.asarray(Image.open(io.BytesIO(data))), grey)
        assert damage(data) == Damage()
        assert still(data).notes == still(data[:-2]).notes == ()

    @pytest.mark.parametrize("share", [0.3, 0.5, 0.95])
    def test_what_is_cut_off_is_refused(self, grey: np.ndarray, share: float) -> None:
        data = lossless(grey)
        cut = data[: int(len(data) * share)]
        for broken in (cut, cut + END):
            with pytest.raises(ImageError, match=r"^cannot be decoded \(truncated\) \(salvage="):
                still(broken)

    def test_left_over_data_are_noted(self, grey: np.ndarray) -> None:
        more = lossless(np.concatenate((grey, grey)))
        height = more.index(b"\xff\xc3") + 5
        broken = more[:height] + len(grey).to_bytes(2) + more[height + 2 :]
        assert still(broken).notes == (DAMAGED,)


def test_a_large_one_is_said_not_to_be_checked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("jcarsr.jpeg.probe.MAX_WORK", 10_000)
    assert damage(SEQUENTIAL).unknown
    assert still(SEQUENTIAL).notes == ("too large to be checked for damage throughout",)
