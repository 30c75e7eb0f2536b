"""What a JPEG supports, against coefficients that are known because they were chosen."""

import io

import numpy as np
import pytest
from PIL import Image
from scipy.fft import dctn

from jcarsr.jpeg.codec import decode, encode
from jcarsr.jpeg.components import Component, read_components
from jcarsr.jpeg.support import Support, measure_support
from jcarsr.pixels import Pixels


def soft(pixels: Pixels) -> Pixels:
    """Without saturated pixels, also after compression."""
    return (60 + pixels * 0.5).astype(np.uint8)


def measured(data: bytes, result: np.ndarray) -> tuple[Support, np.ndarray]:
    found = measure_support(read_components(data), decode(data), result)
    assert found is not None
    return found


@pytest.mark.parametrize("qf", [5, 20, 50, 90])
@pytest.mark.parametrize("subsampling", ["4:4:4", "4:2:0"])
def test_components_are_the_files(photo: Pixels, qf: int, subsampling: str) -> None:
    """Coefficients are whole multiples of the steps, up to the rounding of samples."""
    data = encode(soft(photo), qf, subsampling)  # type: ignore[arg-type]
    components = read_components(data)
    factor = 2 if subsampling == "4:2:0" else 1
    assert [c.samples.shape for c in components] == [
        (192, 256),
        *[(192 // factor, 256 // factor)] * 2,
    ]
    assert [(c.across, c.down) for c in components] == [(1, 1), *[(factor, factor)] * 2]
    with Image.open(io.BytesIO(data)) as image:
        tables = [np.reshape(image.quantization[n], (8, 8)) for n in (0, 1, 1)]
    for component, table in zip(components, tables, strict=True):
        np.testing.assert_array_equal(component.steps, table)
        blocks = component.samples.astype(float) - 128
        height, width = blocks.shape
        blocks = blocks.reshape(height // 8, 8, width // 8, 8).swapaxes(1, 2)
        coefficients = dctn(blocks, axes=(2, 3), norm="ortho")
        off = coefficients - (coefficients / table).round() * table
        assert np.abs(off).max() < 4.01  # all 64 samples rounded by half a level one way
        assert np.sqrt((off[..., table > 4] ** 2).mean()) < 0.6


@pytest.mark.parametrize("qf", [10, 40, 75, 95])
def test_the_decoded_jpeg_itself_leaves_nothing(photo: Pixels, qf: int) -> None:
    data = encode(soft(photo), qf, "4:4:4")
    support, shares = measured(data, decode(data))
    assert (support.outside, support.steps, support.saturated) == (0, 0, 0)
    assert support.counted == photo.size
    assert not shares.any()


def test_another_picture_leaves_much(photo: Pixels) -> None:
    data = encode(soft(photo), 60, "4:2:0")
    support, shares = measured(data, soft(photo)[:, ::-1])
    assert support.outside > 0.05
    assert support.steps > 3
    assert shares.mean() > 0.05


def test_the_true_picture_stays_within(photo: Pixels) -> None:
    """What was compressed lies within half a step of every coefficient, at any quality."""
    for qf in (5, 30, 80):
        support, _ = measured(encode(soft(photo), qf, "4:4:4"), soft(photo))
        assert support.outside < 1e-4  # libjpeg transforms in whole numbers


@pytest.mark.parametrize(("k", "outside"), [(0.3, False), (1, True), (3, True)])
def test_a_shift_of_k_steps_is_found_as_such(k: float, outside: bool) -> None:
    """A grey JPEG whose DC step is 16: a level of the mean is half a step."""
    rng = np.random.default_rng(0)
    luma = rng.integers(90, 140, (32, 40)).astype(np.uint8)
    file = io.BytesIO()
    Image.fromarray(luma).save(file, "JPEG", qtables=[[16] * 64])
    data = file.getvalue()
    picture = decode(data)
    shifted = picture.copy()
    shifted[8:16, 16:32] += np.uint8(2 * k) if outside else 0  # two blocks: 8 * 2 k levels of DC
    support, shares = measured(data, shifted)
    assert support.counted == 32 * 40
    assert support.outside == (2 / (32 * 40) if outside else 0)
    assert support.steps == pytest.approx(k if outside else 0, abs=0.1)
    expected = np.zeros((4, 5))
    expected[1, 2:4] = 1 / 64 if outside else 0
    np.testing.assert_allclose(shares, expected)


def test_chroma_counts_with_its_own_steps() -> None:
    """All chroma of 4:2:0 moved by two of its steps, luma as it is."""
    data = encode(np.full((64, 48, 3), (120, 100, 90), np.uint8), 50, "4:2:0")
    luma, blue, red = read_components(data)
    moved = decode(data).astype(float) + 2 * red.steps[0, 0] / 8 * np.array((1.402, -0.714136, 0))
    support, shares = measured(data, moved.round().astype(np.uint8))
    assert support.counted == 64 * 48 * 3 // 2
    assert support.outside * support.counted == 4 * 3  # DC of Cr's blocks
    assert support.steps == pytest.approx(2, abs=0.15)
    assert not shares.any()
    assert luma.samples.shape == (64, 48)
    assert blue.samples.shape == (32, 24)


def test_saturated_blocks_and_those_at_the_edges_are_not_counted(photo: Pixels) -> None:
    pixels = soft(photo)[:60, :61].copy()
    data = encode(pixels, 60, "4:4:4")
    again = decode(data)
    again[3, 5] = (255, 90, 90)
    found = measure_support(read_components(data), again, again)
    assert found is not None
    assert found[0].counted == (7 * 7 - 1) * 64 * 3
    assert found[0].saturated == pytest.approx(1 / 49)
    assert measure_support(read_components(data), np.zeros_like(again), again) is None


def test_larger_and_deeper_results_are_the_same_picture() -> None:
    """A constant colour stays what it is at any size and depth."""
    data = encode(np.full((40, 40, 3), (120, 100, 90), np.uint8), 50, "4:2:0")
    colour = decode(data)[0, 0]
    for size in ((40, 40), (80, 80), (97, 61)):
        eight = np.broadcast_to(colour, (*size, 3))
        assert measured(data, eight)[0].outside == 0
        assert measured(data, eight.astype(np.uint16) * 257)[0].outside == 0


def test_luma_alone_is_read_of_other_samplings(photo: Pixels) -> None:
    data = encode(soft(photo), 50, "4:2:2")
    assert [c.samples.shape for c in read_components(data)] == [(192, 256)]
    tiny = encode(soft(photo)[:9, :9], 50, "4:2:0")
    assert [c.samples.shape for c in read_components(tiny)] == [(9, 9)]


@pytest.mark.parametrize("mode", ["CMYK", "RGB"])
def test_what_holds_no_luma_has_no_components(mode: str, photo: Pixels) -> None:
    file = io.BytesIO()
    Image.fromarray(photo).convert(mode).save(file, "JPEG", keep_rgb=True)
    assert read_components(file.getvalue()) == ()


def test_components_are_values() -> None:
    component = Component(samples=np.zeros((8, 8), np.uint8), steps=np.ones((8, 8), np.float32))
    assert (component.across, component.down) == (1, 1)
