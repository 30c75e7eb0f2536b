import io
import subprocess
import sys
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path
from statistics import fmean

import numpy as np
import pytest
from PIL import Image
from skimage.color import rgb2ycbcr
from skimage.metrics import peak_signal_noise_ratio

from jcarsr.degradation.history import parse_history
from jcarsr.degradation.pipeline import degrade, low_resolution
from jcarsr.evaluation.run import evaluate
from jcarsr.jpeg.decoded import Decoded
from jcarsr.methods.bicubic import Bicubic
from jcarsr.methods.method import Method
from jcarsr.metrics.niqe import niqe
from jcarsr.metrics.protocol import EvalProtocol
from jcarsr.pixels import Pixels

QF10 = parse_history("jpeg10")
BICUBIC = Method.of_pixels("bicubic", Bicubic(2))


class Perfect:
    """Knows the truth of the only picture there is."""

    scale = 2

    def __init__(self, hr: Pixels) -> None:
        self.hr = hr

    def restore(self, lq: Pixels) -> Pixels:
        return self.hr


@pytest.fixture
def folder(tmp_path: Path, photo: Pixels) -> Path:
    folder = tmp_path / "Mine"
    folder.mkdir()
    Image.fromarray(photo[:-1]).save(folder / "odd.png")
    Image.fromarray(photo[:100, :120]).save(folder / "small.png")
    return folder


def test_rows_are_the_means_of_scikit_images_scores(folder: Path, photo: Pixels) -> None:
    bicubic = Bicubic(2)
    (row,) = evaluate([Method.of_pixels("bicubic", bicubic)], folder, scale=2, histories=[QF10])
    expected: dict[str, float] = {}
    for name, hr in (("odd", photo[:-2]), ("small", photo[:100, :120])):
        sr = bicubic.restore(degrade(hr, 2, QF10).lq)
        y = [rgb2ycbcr(x)[2:-2, 2:-2, 0] for x in (hr, sr)]
        expected[name] = float(peak_signal_noise_ratio(*y, data_range=255))
    assert {n: s[0] for n, s in row.images.items()} == pytest.approx(expected, abs=1e-3)
    assert row.psnr == pytest.approx(fmean(expected.values()), abs=1e-3)
    assert (row.set, row.scale, row.history) == ("Mine", 2, "jpeg10")
    assert row.protocol == {"channel": "y", "border": 2}
    assert set(row.versions) == {"jcarsr", "numpy"}


def test_pictures_of_one_name_are_all_scored(folder: Path, photo: Pixels) -> None:
    (folder / "deep").mkdir()
    Image.fromarray(photo[:80, :90]).save(folder / "deep" / "odd.png")
    done: list[tuple[int, int]] = []
    (row,) = evaluate(
        [BICUBIC],
        folder,
        scale=2,
        histories=[QF10],
        on_progress=lambda *numbers: done.append(numbers),
    )
    assert set(row.images) == {"deep/odd.png", "odd.png", "small.png"}
    assert done[-1] == (6, 6)


def test_niqe_is_of_the_whole_results_that_are_large_enough(folder: Path, photo: Pixels) -> None:
    bicubic = Bicubic(2)
    method = Method.of_pixels("bicubic", bicubic)
    (row,) = evaluate([method], folder, scale=2, histories=[QF10], with_niqe=True)
    (without,) = evaluate([method], folder, scale=2, histories=[QF10])
    assert row.niqe == pytest.approx(niqe(bicubic.restore(degrade(photo[:-2], 2, QF10).lq)), 1e-4)
    assert without == replace(row, niqe=None)


def test_pictures_go_through_the_history(folder: Path, photo: Pixels) -> None:
    """JPEG 30 on another grid, then JPEG 90, made by Pillow alone."""
    history = parse_history("jpeg30+4,6>jpeg90")
    (row,) = evaluate([BICUBIC], folder, scale=2, histories=[history])
    lr = np.pad(low_resolution(photo[:100, :120], 2), ((4, 0), (6, 0), (0, 0)), "edge")
    for quality, (top, left) in ((30, (4, 6)), (90, (0, 0))):
        file = io.BytesIO()
        Image.fromarray(lr).save(file, "JPEG", quality=quality, subsampling="4:2:0")
        lr = np.asarray(Image.open(file))[top:, left:]
    score = EvalProtocol(border=2).score(Bicubic(2).restore(lr), photo[:100, :120])
    assert row.images["small"] == (round(score.psnr, 4), round(score.ssim, 5))
    assert row.history == "jpeg30+4,6>jpeg90"


def test_row_names_the_library_that_computed_it(folder: Path) -> None:
    (row,) = evaluate(
        [Method.of_pixels("a", Bicubic(2), library="torch")], folder, scale=2, histories=[QF10]
    )
    assert row.versions["torch"] == version("torch")


def test_perfect_restorer_is_perfect(tmp_path: Path, photo: Pixels) -> None:
    (tmp_path / "one").mkdir()
    Image.fromarray(photo).save(tmp_path / "one" / "a.png")
    contestants = [
        BICUBIC,
        Method.of_pixels("perfect", Perfect(photo)),
    ]
    rows = list(
        evaluate(contestants, tmp_path / "one", scale=2, histories=[QF10, parse_history("jpeg80")])
    )
    assert [(r.qf, r.restorer) for r in rows] == [
        (10, "bicubic"),
        (10, "perfect"),
        (80, "bicubic"),
        (80, "perfect"),
    ]
    assert rows[1].psnr == np.inf
    assert rows[1].ssim == 1
    assert rows[2].psnr > rows[0].psnr


def test_one_perfect_result_does_not_make_the_mean_infinite(folder: Path, photo: Pixels) -> None:
    bicubic = Bicubic(2)

    def restore(decoded: Decoded) -> Pixels:
        known = decoded.pixels.shape == (50, 60, 3)
        return photo[:100, :120] if known else bicubic.restore(decoded.pixels)

    method = Method(name="half perfect", scale=2, restore=restore)
    half, plain = evaluate([method, BICUBIC], folder, scale=2, histories=[QF10])
    assert half.images == {"odd": plain.images["odd"], "small": (np.inf, 1.0)}
    assert half.psnr == plain.images["odd"][0]
    assert half.ssim == pytest.approx((1 + plain.images["odd"][1]) / 2, abs=1e-5)


def test_wrong_scale_is_told(folder: Path) -> None:
    with pytest.raises(ValueError, match="bicubic enlarges by 4, not by 2"):
        list(evaluate([Method.of_pixels("bicubic", Bicubic(4))], folder, scale=2, histories=[QF10]))


def test_degrading_enlarging_and_measuring_work_without_torch(folder: Path) -> None:
    script = f"""
import sys
sys.modules["torch"] = None  # any import of it fails
from pathlib import Path
import numpy as np
from jcarsr import EvalProtocol
from jcarsr.methods.bicubic import Bicubic
from jcarsr.degradation.history import parse_history
from jcarsr.degradation.pipeline import degrade
from jcarsr.evaluation.run import evaluate
from jcarsr.methods.method import Method
from jcarsr.metrics.functional import psnr, ssim

hr = np.random.default_rng(0).integers(0, 256, (32, 40, 3)).astype(np.uint8)
sr = Bicubic(2).restore(degrade(hr, 2, parse_history("jpeg80")).lq)
assert psnr(sr, hr) > 5 and ssim(sr, hr) < 1 and EvalProtocol(border=2).score(hr, hr).ssim == 1
contestants, histories = [Method.of_pixels("bicubic", Bicubic(2))], [parse_history("jpeg80")]
for row in evaluate(contestants, Path({str(folder)!r}), scale=2, histories=histories):
    print(row.psnr)
"""
    out = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    (row,) = evaluate(
        [BICUBIC],
        folder,
        scale=2,
        histories=[parse_history("jpeg80")],
    )
    assert float(out.stdout) == row.psnr
