from pathlib import Path

import numpy as np
import onnx
import pytest
from PIL import Image

from jcarsr import DataError
from jcarsr.engines.graph_files import graph_path, identity
from jcarsr.export.int8 import MAX_PATCHES, SIDE, agreement, patches
from jcarsr.weights import PRETRAINED, bundled_names, read


def test_only_the_gated_convolutions_have_eight_bits(exported: Path) -> None:
    """Their weights are in the graph, all others in the weight file."""
    tensors = read(exported).tensors
    gated = {n for n in tensors if n.endswith((".conv3.weight", ".conv5.weight"))}
    graph = onnx.load(str(graph_path(exported, "sr", int8=True)), load_external_data=False)
    inside = {
        i.name.removesuffix("_quantized"): onnx.numpy_helper.to_array(i)
        for i in graph.graph.initializer
        if i.name.endswith(".weight_quantized")
    }
    scales = {
        i.name.removesuffix("_scale"): onnx.numpy_helper.to_array(i)
        for i in graph.graph.initializer
        if i.name.endswith(".weight_scale")
    }
    assert set(inside) == gated
    for name, values in inside.items():
        assert values.dtype == np.int8
        step = scales[name].reshape(-1, 1, 1, 1)
        assert (np.abs(values * step - tensors[name]) <= 0.51 * step).all()
    halves = [i for i in graph.graph.initializer if i.data_type == onnx.TensorProto.FLOAT16]
    floats = [i for i in halves if i.name != "sr_merged.kernel.fp16"]
    assert all(i.data_location == onnx.TensorProto.EXTERNAL for i in floats)
    assert not {i.name.removesuffix(".fp16") for i in floats} & gated
    assert len(floats) > 10


@pytest.mark.parametrize("name", [name for name in bundled_names() if "crisp" not in name])
def test_bundled_weights_have_theirs(name: str) -> None:
    weights = PRETRAINED / f"{name}.safetensors"
    path = graph_path(weights, "sr", int8=True)
    assert path.stat().st_size < 2**20
    (said,) = onnx.load(str(path), load_external_data=False).metadata_props
    assert said.value == identity(weights, "sr", int8=True)


def test_patches_are_the_middles_of_pictures_that_are_large_enough(tmp_path: Path) -> None:
    sizes = [(200, 150), (SIDE, SIDE), (SIDE - 1, 500)]
    for number, size in enumerate(sizes):
        ramp = np.arange(size[0] * size[1]).reshape(size[1], size[0]) % 251
        Image.fromarray(ramp.astype(np.uint8)).save(tmp_path / f"{number}.png")
    found = patches(tmp_path)
    assert [patch.shape for patch in found] == [(1, 3, SIDE, SIDE)] * 2
    row, column = (150 - SIDE) // 2, (200 - SIDE) // 2
    assert found[0][0, 0, 0, 0] == np.float32((row * 200 + column) % 251) / np.float32(255)


def test_no_more_patches_than_needed_and_some_at_least(tmp_path: Path) -> None:
    for number in range(MAX_PATCHES + 30):
        Image.new("L", (SIDE, SIDE), number).save(tmp_path / f"{number:03}.png")
    values = [round(float(patch[0, 0, 0, 0]) * 255) for patch in patches(tmp_path)]
    assert len(values) <= MAX_PATCHES and values == sorted(values) and values[-1] > 80
    small = tmp_path / "small"
    small.mkdir()
    Image.new("L", (20, 20)).save(small / "a.png")
    with pytest.raises(DataError, match=r"small: no pictures of at least 128x128"):
        patches(small)


def test_agreement_is_psnr() -> None:
    a = [np.zeros((1, 3, 8, 8), np.float32)] * 2
    b = [np.full((1, 3, 8, 8), value, np.float32) for value in (0.1, -5.0)]  # -5 is black, too
    assert agreement(a, b) == pytest.approx(20 + 10 * np.log10(2), abs=1e-4)
