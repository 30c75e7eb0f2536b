"""The graph as the `onnx` package reads it, which neither wrote nor runs it."""

from pathlib import Path

import numpy as np
import onnx
import onnx_ir
import onnxruntime as ort
import pytest
import torch
from onnx.external_data_helper import load_external_data_for_model
from torch import Tensor, nn

from jcarsr.engines.graph_files import graph_path, identity
from jcarsr.export import onnx_graph
from jcarsr.networks.jcarsr.config import JCARSRConfig
from jcarsr.networks.layers import repeat_to_multiple
from jcarsr.protocols import Output
from jcarsr.weights import PRETRAINED, bundled_names, read

FACTS = JCARSRConfig(scale=2).facts


def load(path: Path) -> onnx.ModelProto:
    return onnx.load(str(path), load_external_data=False)


@pytest.mark.parametrize("output", FACTS.restoring_outputs)
def test_initialisers_are_the_weight_files_bytes(exported: Path, output: Output) -> None:
    model, tensors = load(graph_path(exported, output)), read(exported).tensors
    names = {i.name.removesuffix(".fp16") for i in model.graph.initializer} & set(tensors)
    inside = [i for i in model.graph.initializer if i.data_location != onnx.TensorProto.EXTERNAL]
    merged = {i.name.removesuffix(".fp16") for i in inside if "_merged." in i.name}
    assert merged == {f"{output}_merged.{part}" for part in ("kernel", "bias")}
    others = [i for i in inside if not i.name.startswith((f"{output}_merged.", "norm."))]
    assert sum(np.prod(i.dims, initial=1) for i in others) < 60  # sizes and axes, no weight
    places = {entry.value for i in model.graph.initializer for entry in i.external_data[:1]}
    assert places == {exported.name}
    load_external_data_for_model(model, str(exported.parent))
    for initializer in model.graph.initializer:
        name = initializer.name.removesuffix(".fp16")
        if name in tensors:
            np.testing.assert_array_equal(onnx.numpy_helper.to_array(initializer), tensors[name])
    expected = {
        "sr": set(tensors) - {n for n in tensors if n.startswith(("jcar_tail", "gradient_tail"))},
        "gradient": {n for n in tensors if n.startswith("gradient_")},
    }
    unused = {n for n in tensors if n.startswith("gradient_upsampler")} if output == "sr" else set()
    assert names == expected[output] - unused


@pytest.mark.parametrize("output", FACTS.restoring_outputs)
def test_it_is_valid_and_takes_any_size(exported: Path, output: Output) -> None:
    onnx.checker.check_model(str(graph_path(exported, output)), full_check=True)
    (lq,) = load(graph_path(exported, output)).graph.input
    sizes = lq.type.tensor_type.shape.dim
    assert [size.dim_value for size in sizes] == [0, 3, 0, 0]
    assert all(sizes[at].dim_param for at in (0, 2, 3))


def test_it_tells_nothing_of_the_machine_that_made_it(exported: Path) -> None:
    text = graph_path(exported, "sr").read_bytes()
    assert b".py" not in text and b"torch.nn" not in text and b"site-packages" not in text


class Halved(nn.Module):
    """What of a U-Net depends on the size: completed, halved, steered by its mean, cut again."""

    def __init__(self) -> None:
        super().__init__()
        self.down, self.up = nn.Conv2d(3, 4, 2, 2), nn.ConvTranspose2d(4, 3, 2, 2)
        self.mean = nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4, 4))

    def forward(self, lq: Tensor) -> tuple[Tensor]:
        x = self.down(repeat_to_multiple(lq, 8))
        x = self.up(x * self.mean(x)[..., None, None])
        return (x[..., : lq.shape[2], : lq.shape[3]],)


def test_graph_of_a_network_that_completes_its_input_takes_any_size(tmp_path: Path) -> None:
    """As FBCNN, whose own graph, of many more steps, is a slow test of the networks."""
    network = Halved().eval()
    model = onnx_graph._export_program(network, ["lr"])  # pyright: ignore
    onnx_ir.save(model, tmp_path / "halved.onnx")
    session = ort.InferenceSession(str(tmp_path / "halved.onnx"))
    for batch, height, width in ((1, 17, 23), (2, 8, 16), (1, 1, 9)):
        lq = torch.rand(batch, 3, height, width)
        (lr,) = session.run(None, {"lq": lq.numpy()})
        np.testing.assert_allclose(lr, network(lq)[0].detach(), atol=1e-5)


@pytest.mark.parametrize("name", bundled_names())
@pytest.mark.parametrize("output", FACTS.restoring_outputs)
def test_bundled_graphs_are_small_and_of_the_bundled_weights(name: str, output: Output) -> None:
    weights = PRETRAINED / f"{name}.safetensors"
    graph = graph_path(weights, output)
    if "crisp" in name and output == "gradient":
        assert not graph.exists()  # nothing asks crisp weights for gradient maps
        return
    assert graph.stat().st_size < 2**20
    said = {entry.key: entry.value for entry in load(graph).metadata_props}
    assert said == {"weights": identity(weights, output)}
