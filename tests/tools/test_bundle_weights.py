from pathlib import Path
from types import ModuleType

import pytest

from jcarsr import WeightsError
from jcarsr.evaluation.rows import Row, write_rows
from jcarsr.weights import read, read_record


def store_row(path: Path, sha256: str, psnr: float, restorer: str = "tiny") -> Path:
    row = Row(
        set="Set5",
        scale=2,
        history="jpeg10",
        restorer=restorer,
        sha256=sha256,
        psnr=psnr,
        ssim=0.8,
        images={},
        protocol={},
        codec="",
        versions={},
    )
    write_rows([row], path)
    return path


@pytest.fixture
def manifest(tmp_path: Path) -> Path:
    path = tmp_path / "manifest.csv"
    path.write_text("file,source,licence\na,Web,CC0\nb,Web,CC0\nc,Book,MIT\n")
    return path


def test_scores_data_and_licence_are_stamped_and_tensors_kept(
    tmp_path: Path, tool: ModuleType, tiny_weights: Path, manifest: Path
) -> None:
    sha256 = read_record(tiny_weights).sha256
    rows = store_row(tmp_path / "rows.jsonl", sha256, 28.0)
    store_row(rows, sha256, 28.1, "tiny, ensemble")
    bundled = read(tool.bundle(tiny_weights, rows, manifest, tmp_path / "into"))
    assert bundled.record.sha256 == sha256
    assert bundled.record.scores == {"Set5 x2 QF 10": [28.0, 0.8]}
    assert bundled.record.data == ["Web: 2 pictures, CC0", "Book: 1 pictures, MIT"]
    assert "Apache-2.0" in bundled.record.licence
    taught = tool.bundle(tiny_weights, rows, manifest, tmp_path / "into", teacher="A (MIT)")
    assert read_record(taught).data[2:] == ["targets: what A (MIT) makes of the degraded pictures"]


def test_worse_and_unmeasured_weights_are_refused(
    tmp_path: Path, tool: ModuleType, tiny_weights: Path, manifest: Path
) -> None:
    sha256 = read_record(tiny_weights).sha256
    with pytest.raises(WeightsError, match="no scores of"):
        rows = store_row(tmp_path / "other.jsonl", "0" * 64, 28.0)
        tool.bundle(tiny_weights, rows, manifest, tmp_path)
    good = store_row(tmp_path / "good.jsonl", sha256, 28.0)
    tool.bundle(tiny_weights, good, manifest, tmp_path / "into")
    bad = store_row(tmp_path / "bad.jsonl", sha256, 27.9)
    with pytest.raises(WeightsError, match=r"not replaced, the new ones score -0\.100 dB"):
        tool.bundle(tiny_weights, bad, manifest, tmp_path / "into")
