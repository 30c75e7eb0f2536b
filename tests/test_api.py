import io
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import skimage.data
from PIL import Image

from jcarsr import ImageError, Restorer, Target, WeightsError
from jcarsr.degradation.pipeline import low_resolution
from jcarsr.pixels import Pixels
from jcarsr.restoring.tiling import BLEND, plan

ORIENTATION, ARTIST = 0x0112, 0x013B  # EXIF tags


def test_wrong_tile_is_refused_at_once(tiny_weights: Path) -> None:
    with pytest.raises(ValueError, match="multiple of 16"):
        Restorer(str(tiny_weights), tile=100)


def test_threads_do_not_mix_pictures(photo: Pixels, tiny_weights: Path) -> None:
    """Eight threads with pictures of eight contents, kinds and sizes share one restorer."""
    restorer = Restorer(str(tiny_weights), tile=320)
    wide = np.hstack([photo, photo])
    pictures = [Image.fromarray(np.roll(wide, 8 * shift, axis=0)) for shift in range(8)]
    pictures = [picture.crop((0, 0, 320 + 5 * i, 24)) for i, picture in enumerate(pictures)]
    pictures[2], pictures[5] = pictures[2].convert("L"), pictures[5].convert("RGBA")
    pictures[5].putalpha(Image.linear_gradient("L").resize(pictures[5].size))
    targets = [Target(scale=1 + shift % 2) for shift in range(8)]
    alone = [restorer.restore(*pair) for pair in zip(pictures, targets, strict=True)]
    with ThreadPoolExecutor(8) as pool:
        together = list(pool.map(restorer.restore, pictures, targets))
    for a, b in zip(alone, together, strict=True):
        assert a.mode == b.mode
        np.testing.assert_array_equal(np.asarray(a), np.asarray(b))
    assert [picture.mode for picture in alone[:6]] == ["RGB", "RGB", "L", "RGB", "RGB", "RGBA"]


def test_weights_for_crisp_pictures_must_be_there() -> None:
    with pytest.raises(WeightsError, match="nope: no such weight file"):
        Restorer(crisp_weights="nope")


def test_file_to_file_keeps_what_the_file_carries(
    tmp_path: Path, photo: Pixels, tiny_weights: Path
) -> None:
    exif = Image.Exif()
    exif[ORIENTATION], exif[ARTIST] = 6, "somebody"
    Image.fromarray(photo).save(tmp_path / "a.jpg", exif=exif, dpi=(300, 300))
    restorer = Restorer(str(tiny_weights))
    outcome = restorer.restore_file(tmp_path / "a.jpg", tmp_path / "b.webp", Target(long_side=300))
    assert (outcome.state, outcome.size, outcome.scale) == ("done", (225, 300), 2)
    with Image.open(tmp_path / "b.webp") as saved:
        assert saved.size == (225, 300)
        assert saved.getexif()[ARTIST] == "somebody"
        assert ORIENTATION not in saved.getexif()
    with pytest.raises(ImageError, match=r"a\.jpg: .*b\.webp exists already"):
        restorer.restore_file(tmp_path / "a.jpg", tmp_path / "b.webp")
    restorer.restore_file(tmp_path / "a.jpg", tmp_path / "b.webp", overwrite=True)


@pytest.mark.parametrize("linked", [False, True])
def test_a_file_is_never_its_own_result(
    tmp_path: Path, photo: Pixels, tiny_weights: Path, linked: bool
) -> None:
    source = tmp_path / "a.jpg"
    Image.fromarray(photo).save(source)
    before, result = source.read_bytes(), source
    if linked:
        result = tmp_path / "deep" / "a.jpg"
        (tmp_path / "deep").symlink_to(tmp_path)
    with pytest.raises(ImageError, match=r"a\.jpg would replace it: originals stay"):
        Restorer(str(tiny_weights)).restore_file(source, result, overwrite=True)
    assert source.read_bytes() == before


def test_what_is_no_picture_is_named_by_its_type(tiny_weights: Path) -> None:
    wrong: Any = b"bytes"
    with pytest.raises(TypeError, match="got bytes: restore_bytes takes a file's bytes"):
        Restorer(str(tiny_weights)).restore(wrong)


def test_animation_is_refused_where_one_picture_is_asked_for(
    tmp_path: Path, tiny_weights: Path
) -> None:
    frames = [Image.new("RGB", (20, 20), (90 * index, 0, 0)) for index in range(2)]
    frames[0].save(tmp_path / "a.gif", save_all=True, append_images=frames[1:])
    with pytest.raises(ImageError, match=r"a\.gif: an animation"):
        Restorer(str(tiny_weights)).restore(tmp_path / "a.gif")


# The bundled networks on pictures they were not trained on.


@pytest.fixture(scope="module")
def bundled() -> Restorer:
    """One for all tests of the bundled networks: to open them costs more than small pictures."""
    return Restorer()


@pytest.fixture(scope="module")
def tiled() -> Restorer:
    return Restorer(tile=320)


@pytest.mark.parametrize("scale", [2, 4])  # 1 is what 2 makes, shrunk
@pytest.mark.parametrize("qf", [10, 80])
def test_no_colour_drift(bundled: Restorer, scale: int, qf: int) -> None:
    for name in ("astronaut", "coffee", "chelsea"):
        jpeg = as_jpeg(getattr(skimage.data, name)()[:64, :96], qf)
        restored = np.asarray(bundled.restore(jpeg, Target(scale=scale)))
        drift = restored.mean((0, 1)) - np.asarray(jpeg).mean((0, 1))
        assert np.abs(drift).max() < 1, (name, drift)


@pytest.mark.parametrize("qf", [10, 30])
def test_scale_one_brings_a_jpeg_nearer_to_its_original(bundled: Restorer, qf: int) -> None:
    for name in ("astronaut", "coffee", "chelsea"):
        original = getattr(skimage.data, name)()[:256, :256]
        lr = low_resolution(original, 2)  # as the network was trained: small
        jpeg = as_jpeg(lr, qf)
        cleaned = np.asarray(bundled.restore(jpeg, Target(scale=1)))
        assert mse(cleaned, lr) < 0.95 * mse(np.asarray(jpeg), lr), name


@pytest.mark.slow  # the next test asks the same of two tiles
def test_four_tiles_agree_with_the_whole(bundled: Restorer, tiled: Restorer) -> None:
    lq = np.asarray(as_jpeg(skimage.data.astronaut()[:480, 32:], 40))
    assert agreement(restored(lq, tiled), restored(lq, bundled)) > 50


@pytest.mark.parametrize("axes", [(0, 1, 2), (1, 0, 2)], ids=["side by side", "one below another"])
def test_tiles_leave_no_seam(
    axes: tuple[int, int, int], bundled: Restorer, tiled: Restorer
) -> None:
    """What tiling changes has no larger steps, across the seam too, than each tile by itself.

    Tiled and whole agree within 50 dB.
    """
    lq = np.asarray(as_jpeg(skimage.data.astronaut()[:64, 32:], 40))

    def run(pixels: np.ndarray, restorer: Restorer) -> np.ndarray:
        return restored(pixels.transpose(axes), restorer).transpose(axes)

    left, right = plan(480, 320)
    assert (left.fade_out, left.stop, right.start) == (240, 320, 160)
    whole, blended = run(lq, bundled), run(lq, tiled)
    assert agreement(whole, blended) > 50
    parts = run(lq[:, :320], bundled), run(lq[:, 160:], bundled)
    in_left, in_right = steps(parts[0] - whole[:, :640]), steps(parts[1] - whole[:, 320:])
    start, stop = 480 - BLEND, 480 + BLEND
    either = np.maximum(in_left[start:stop], in_right[start - 320 : stop - 320])
    alone = np.concatenate([in_left[:start], either, in_right[stop - 320 :]])
    assert (steps(blended - whole) <= 1.1 * alone).all()
    cut = np.concatenate([parts[0][:, :480], parts[1][:, 160:]], 1)  # as without blending
    assert not (steps(cut - whole) <= 1.1 * alone).all()


def restored(lq: np.ndarray, restorer: Restorer) -> np.ndarray:
    return np.asarray(restorer.restore(np.ascontiguousarray(lq))).astype(float)


def agreement(a: np.ndarray, b: np.ndarray) -> float:
    """PSNR in dB."""
    return float(10 * np.log10(255**2 / mse(a, b)))


def steps(change: np.ndarray) -> np.ndarray:
    """Mean step from each column to the next."""
    return np.abs(np.diff(change, axis=1)).mean((0, 2))


def as_jpeg(pixels: Pixels, qf: int) -> Image.Image:
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "JPEG", quality=qf)
    return Image.open(file)


def mse(a: np.ndarray, b: np.ndarray) -> float:
    return float(np.square(a.astype(float) - b).mean())
