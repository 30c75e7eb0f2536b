import json
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from support.commands import restore
from support.pictures import stored, xmp_value

import jcarsr
from jcarsr import JCARSRConfig
from jcarsr.batch.ledger import Ledger
from jcarsr.image.metadata.xmp_record import OURS
from jcarsr.networks.jcarsr.network import JCARSR
from jcarsr.weights import Record, bundled_names, crisp_name, write


@pytest.fixture
def crisp_weights(tmp_path: Path, tiny: JCARSRConfig) -> Path:
    torch.manual_seed(5)
    tensors = {k: v.numpy() for k, v in JCARSR(tiny).state_dict().items()}
    path = tmp_path / "crisp.safetensors"
    write(path, tensors, Record(name="crisp", **tiny.describe()))
    return path


def test_ends_are_both_networks_and_half_is_between(
    small: Path, tiny_weights: Path, crisp_weights: Path, tmp_path: Path
) -> None:
    restore(tiny_weights, small, "-o", tmp_path / "plain.png")
    restore(crisp_weights, small, "-o", tmp_path / "other.png")
    restore(tiny_weights, small, "-o", tmp_path / "0.png", "--crisp", "0")
    for share in ("0.5", "1"):
        options = ["--crisp", share, "--crisp-weights", crisp_weights]
        restore(tiny_weights, small, "-o", tmp_path / f"{share}.png", *options)
    assert (tmp_path / "0.png").read_bytes() == (tmp_path / "plain.png").read_bytes()
    np.testing.assert_array_equal(stored(tmp_path / "1.png"), stored(tmp_path / "other.png"))
    between = (stored(tmp_path / "plain.png").astype(float) + stored(tmp_path / "other.png")) / 2
    np.testing.assert_allclose(stored(tmp_path / "0.5.png"), between, atol=0.5)


def test_weights_of_the_file_of_defaults_are_no_matter_without_a_share(
    small: Path, tiny_weights: Path, crisp_weights: Path, tmp_path: Path
) -> None:
    defaults = tmp_path / "defaults.toml"
    defaults.write_text(f'[restore]\ncrisp = 0.5\ncrisp-weights = "{crisp_weights.as_posix()}"\n')
    options = ["--config", defaults, "--crisp", "0"]
    restore(tiny_weights, small, "-o", tmp_path / "a.png", *options)
    restore(tiny_weights, small, "-o", tmp_path / "b.png")
    assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes()
    said = restore(
        tiny_weights, small, "-o", tmp_path / "c.png", "--crisp-weights", crisp_weights, code=2
    )
    assert "--crisp-weights: have no share without --crisp" in said.stderr


def test_share_and_weights_are_recorded(
    small: Path, tiny_weights: Path, crisp_weights: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    options = [small, "-o", out, "--crisp", "0.5", "--crisp-weights", crisp_weights]
    said = json.loads(restore(tiny_weights, *options, "--json").stdout)
    assert said["crisp"] == 0.5
    with Image.open(out / "a_x2.png") as image:
        assert xmp_value(image, (OURS, "Crisp")) == "0.5"
        assert xmp_value(image, (OURS, "Strength")) is None
    with Ledger(out) as ledger:
        (entry,) = ledger.entries()
    settings = json.loads(entry.settings or "")
    assert settings["crisp"] == 0.5
    assert len(settings["crisp_weights"]) == 1
    assert "1 unchanged" in restore(tiny_weights, *options).stderr
    options[-1] = tiny_weights  # others
    assert json.loads(restore(tiny_weights, *options, "--json").stdout)["state"] == "done"


def test_detail_map_is_written_beside_the_result(
    small: Path, tiny_weights: Path, crisp_weights: Path, tmp_path: Path
) -> None:
    options = ["--save-detail-map", "--crisp", "1", "--crisp-weights", crisp_weights]
    restore(tiny_weights, small, "-o", tmp_path / "b.png", *options)
    restore(tiny_weights, small, "-o", tmp_path / "plain.png")
    drawn = stored(tmp_path / "b.detail.png")
    away = np.abs(stored(tmp_path / "b.png").astype(int) - stored(tmp_path / "plain.png")).max(2)
    np.testing.assert_array_equal(drawn[..., 0], (away * (255 / 64)).round().clip(0, 255))
    assert not drawn[..., 1].any()


def test_support_is_of_jpegs_alone(small: Path, tiny_weights: Path, tmp_path: Path) -> None:
    Image.open(small).save(tmp_path / "c.png")
    options = [small, tmp_path / "c.png", "-o", tmp_path / "out", "--json"]
    lines = restore(tiny_weights, *options).stdout.splitlines()
    said = {Path(line["source"]).name: line for line in map(json.loads, lines)}
    support = said["a.jpg"]["support"]
    assert set(support) == {"outside", "steps", "counted", "saturated"}
    assert 0 <= support["outside"] <= 1
    assert "support" not in said["c.png"]


def test_missing_weights_are_named(
    small: Path, tiny_weights: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("jcarsr.weights.bundled.PRETRAINED", tmp_path / "none")
    said = restore(tiny_weights, small, "--crisp", "0.5", code=1)
    assert (
        "crisp: jcarsr-crisp-lite-x2 is not bundled: crisp_weights=FILE names such weights"
        in f"{said.stderr}{said.exception}"
    )


def test_bundled_ones_do_not_go_with_eight_bits(small: Path, tmp_path: Path) -> None:
    options = [small, "-o", tmp_path / "b.png", "--crisp", "1", "--precision", "int8"]
    said = restore(Path("jcarsr-lite-x2"), *options, code=1)
    assert "crisp: jcarsr-crisp-lite-x2 has no 8-bit graphs" in f"{said.stderr}{said.exception}"
    assert not (tmp_path / "b.png").exists()


def test_bundled_ones_are_taken(
    small: Path,
    tiny_weights: Path,
    crisp_weights: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """All that it needs is the file among the bundled ones."""
    folder = tmp_path / "pretrained"
    folder.mkdir()
    crisp_weights.rename(folder / "jcarsr-crisp-lite-x2.safetensors")
    monkeypatch.setattr("jcarsr.weights.bundled.PRETRAINED", folder)
    assert (bundled_names(), crisp_name(2)) == (["jcarsr-crisp-lite-x2"], "jcarsr-crisp-lite-x2")
    restore(tiny_weights, small, "-o", tmp_path / "b.png", "--crisp", "1")
    restore(Path("jcarsr-crisp-lite-x2"), small, "-o", tmp_path / "c.png")
    np.testing.assert_array_equal(stored(tmp_path / "b.png"), stored(tmp_path / "c.png"))


def test_wrong_usage(small: Path, tiny_weights: Path) -> None:
    assert restore(tiny_weights, small, "--crisp", "2", code=2).stderr == (
        "error: --crisp 2: from 0 to 1\n"
    )
    assert "have no share" in restore(tiny_weights, small, "--crisp-weights", "x", code=2).stderr
    said = restore(tiny_weights, small, "-o", "-", "--save-detail-map", code=2).stderr
    assert "standard output has no place for a second picture" in said


def test_library_does_the_same(
    small: Path, tiny_weights: Path, crisp_weights: Path, tmp_path: Path
) -> None:
    restorer = jcarsr.Restorer(str(tiny_weights), threads=1, crisp_weights=str(crisp_weights))
    outcome = restorer.restore_file(small, tmp_path / "b.png", crisp=0.5)
    assert outcome.crisp == 0.5
    assert outcome.support is not None
    ours = np.asarray(restorer.restore(small, crisp=0.5))
    np.testing.assert_array_equal(stored(tmp_path / "b.png"), ours)
