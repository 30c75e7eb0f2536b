"""Chains of methods: order, scales, and what is known of the last save."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner

from jcarsr.cli import app
from jcarsr.degradation.steps import Jpeg
from jcarsr.engines.base import EngineOptions
from jcarsr.evaluation.rows import read_rows
from jcarsr.jpeg.decoded import Decoded
from jcarsr.jpeg.last_save import LastSave
from jcarsr.methods.bicubic import Bicubic
from jcarsr.methods.catalog import Context, find_method
from jcarsr.methods.chain import chain, save, share_scale, split_names
from jcarsr.methods.method import Method
from jcarsr.networks.catalog import build
from jcarsr.pixels import Pixels
from jcarsr.restoring.networks import Networks
from jcarsr.weights import Record, write

CONTEXT = Context(scale=2, options=EngineOptions(engine="torch", precision="float32"))
QGCN = {"channels": 4, "num_blocks": 2, "global_channels": 1, "global_hidden": 4}


def brighten(seen: list[LastSave]) -> Method:
    def restore(decoded: Decoded) -> Pixels:
        seen.append(decoded.last_save)
        return decoded.pixels + np.uint8(1)

    return Method(name="brighten", scale=1, restore=restore, library="torch")


def stored(folder: Path, name: str, architecture: str, config: dict[str, Any]) -> Path:
    network = build(architecture, config)
    tensors = {key: value.numpy() for key, value in network.state_dict().items()}
    path = folder / f"{name}.safetensors"
    write(path, tensors, Record(name=name, **network.describe()))
    return path


def test_each_is_given_the_result_before_and_the_small_ones_last_save() -> None:
    seen: list[LastSave] = []
    bicubic = Method.of_pixels("bicubic", Bicubic(2))
    pixels = np.random.default_rng(0).integers(0, 255, (8, 9, 3), np.uint8)
    small = Decoded(pixels=pixels, last_save=LastSave(format="JPEG", qf=7))
    first, last = chain([brighten(seen), bicubic]), chain([bicubic, brighten(seen)])
    assert (first.name, first.scale, first.library) == ("brighten + bicubic", 2, "torch")
    assert (last.name, last.library) == ("bicubic + brighten", "torch")
    np.testing.assert_array_equal(first.restore(small), Bicubic(2).restore(pixels + np.uint8(1)))
    np.testing.assert_array_equal(last.restore(small), Bicubic(2).restore(pixels) + np.uint8(1))
    assert seen == [small.last_save, small.last_save]


def test_a_chain_has_a_hash_if_a_part_has_one(photo: Pixels) -> None:
    def part(sha256: str | None) -> Method:
        return Method(name="part", scale=1, restore=lambda decoded: decoded.pixels, sha256=sha256)

    hashes = [
        chain([part(first), part(last)]).sha256
        for first in ("a" * 64, "b" * 64, None)
        for last in ("a" * 64, "b" * 64, None)
    ]
    assert len(set(hashes)) == 9
    assert hashes[-1] is None
    assert all(found and len(found) == 64 for found in hashes[:-1])


def test_a_save_within_a_chain_is_the_last_one(photo: Pixels) -> None:
    seen: list[LastSave] = []
    method = chain([save("jpeg100"), brighten(seen)])
    small = Decoded(pixels=photo[:32, :32], last_save=LastSave(format="JPEG", qf=7))
    restored = method.restore(small)
    np.testing.assert_array_equal(restored, Jpeg(qf=100)(small.pixels) + np.uint8(1))
    assert [(one.qf, one.subsampling) for one in seen] == [(100, "4:2:0")]
    assert (seen[0].tables == 1).all()
    for word in ("jpegs", "jpeg20>png", "webp5"):
        with pytest.raises(ValueError, match=word):
            save(word)


def test_scale_is_shared() -> None:
    assert share_scale([(1,), (1, 2)], 2) == (1, 2)
    assert share_scale([(1, 2), (1,), (1,)], 2) == (2, 1, 1)
    assert share_scale([(2, 4), (2, 4)], 4) == (2, 2)
    assert share_scale([(1,), (1,)], 2) is None
    with pytest.raises(ValueError, match=r"chain:a\+: give two names"):
        split_names("a+")


def test_tables_of_the_small_jpeg_reach_the_network_after_the_enlargement(
    tmp_path: Path, photo: Pixels
) -> None:
    reader = stored(tmp_path, "reader", "qgcn", QGCN)
    save_7 = Jpeg(qf=7)
    small = Decoded(pixels=save_7(photo[:32, :32]), last_save=save_7.last_save)
    restored = find_method(f"chain:bicubic+{reader}", CONTEXT).restore(small)
    large = Bicubic(2).restore(small.pixels)
    restorer = Networks(str(reader), CONTEXT.options, tile=None).restorer(1)
    np.testing.assert_array_equal(restored, restorer.reading(save_7.last_save).restore(large))
    assert not np.array_equal(restored, restorer.restore(large))
    again = find_method(f"chain:bicubic+jpeg100+{reader}", CONTEXT).restore(small)
    encoded = Jpeg(qf=100)
    expected = restorer.reading(encoded.last_save).restore(encoded(large))
    np.testing.assert_array_equal(again, expected)


def test_is_evaluated_like_any_method(tmp_path: Path, picture_folder: Path) -> None:
    cleaner = stored(tmp_path, "cleaner", "dncnn", {"channels": 4, "num_layers": 2})
    enlarger = stored(
        tmp_path, "enlarger", "edsr", {"scale": 2, "channels": 4, "num_blocks": 1, "skip": True}
    )
    rows = tmp_path / "rows.jsonl"
    arguments = ["evaluate", "--data", str(picture_folder), "--scale", "2", "--qf", "10"]
    chains = [f"chain:{cleaner}+{enlarger}", f"chain:{enlarger}+{cleaner}"]
    weights = [word for name in chains for word in ("--weights", name)]
    result = CliRunner().invoke(app, [*arguments, *weights, "--json", str(rows)])
    assert result.exit_code == 0, result.output
    first, last = read_rows([rows])
    assert (first.restorer, last.restorer) == ("cleaner + enlarger", "enlarger + cleaner")
    assert first.psnr != last.psnr


@pytest.mark.parametrize(
    ("name", "code", "message"),
    [
        ("chain:bicubic", 2, "give two names or more"),
        ("chain:bicubic+bicubic", 2, "chain:bicubic+bicubic does not enlarge by 2"),
        ("chain:bicubic+nothing", 1, "nothing: no such weight file"),
        ("chain:bicubic+jpeg0", 2, "JPEG quality must be between 1 and 100"),
    ],
)
def test_bad_chains_are_refused_before_anything_is_done(
    name: str, code: int, message: str, picture_folder: Path
) -> None:
    arguments = ["evaluate", "--data", str(picture_folder), "--scale", "2", "--weights", name]
    result = CliRunner().invoke(app, arguments)
    assert result.exit_code == code
    assert message in f"{result.output}{result.exception}"
