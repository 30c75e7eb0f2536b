"""The two engines that run graphs, against PyTorch and against each other."""

import io
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from jcarsr import MemoryLimitError, WeightsError
from jcarsr.engines.base import Engine, EngineOptions
from jcarsr.engines.graph_files import graph_path
from jcarsr.engines.onnx import OnnxBackend, OnnxEngine
from jcarsr.engines.openvino import OpenVINOBackend, OpenVINOEngine, supports_bfloat16
from jcarsr.engines.torch import TorchEngine, load_network
from jcarsr.export.int8 import agreement
from jcarsr.networks.jcarsr.config import JCARSRConfig
from jcarsr.pixels import Pixels, Planes, to_planes, to_samples
from jcarsr.protocols import Output
from jcarsr.weights import PRETRAINED, bundled_names, find, read

FACTS = JCARSRConfig(scale=2).facts
Opener = Callable[..., Engine]
WITH_ALL_GRAPHS = [name for name in bundled_names() if "crisp" not in name]
both = pytest.mark.parametrize("opener", [OnnxEngine, OpenVINOEngine])


def engines_for(names: Iterable[str]) -> pytest.MarkDecorator:
    """Each network in ONNX Runtime; OpenVINO, which compiles for seconds, has one for each scale.

    Networks of a scale differ in their values alone.
    """
    pairs = [(OnnxEngine, name) for name in names]
    pairs += [(OpenVINOEngine, name) for name in names if name.startswith("jcarsr-lite")]
    return pytest.mark.parametrize(("opener", "name"), pairs)


@both
@pytest.mark.parametrize("output", FACTS.restoring_outputs)
def test_agrees_with_pytorch_at_any_size(exported: Path, opener: Opener, output: Output) -> None:
    engine, torch_engine = (
        opener(exported, output, "float32"),
        TorchEngine(load_network(read(exported)), "cpu", output),
    )
    assert engine.scale == torch_engine.scale
    for size in ((1, 1), (17, 23), (40, 16)):
        lq = np.random.default_rng(0).random((1, 3, *size), np.float32)
        out = engine.run(lq)
        assert out.dtype == np.float32
        np.testing.assert_allclose(out, torch_engine.run(lq), atol=2e-4)  # fp16 kernel


@engines_for(bundled_names())
def test_bundled_weights_give_pytorchs_picture(photo: Pixels, opener: Opener, name: str) -> None:
    weights, lq = PRETRAINED / f"{name}.safetensors", to_planes(photo[:32, :40])
    for output in FACTS.restoring_outputs if name in WITH_ALL_GRAPHS else ("sr",):
        own = opener(weights, output, "float32").run(lq)
        torchs = TorchEngine(load_network(read(weights)), "cpu", output).run(lq)
        np.testing.assert_allclose(own, torchs, atol=1e-3)
        levels = (to_samples(x, np.uint8).astype(int) for x in (own, torchs))
        assert np.abs(np.subtract(*levels)).max() <= 1


@pytest.mark.parametrize(
    "name",
    [  # those of a scale differ in their values alone, and OpenVINO compiles each for seconds
        name if name.startswith("jcarsr-lite") else pytest.param(name, marks=pytest.mark.slow)
        for name in bundled_names()
    ],
)
def test_bfloat16_moves_few_values_by_more_than_a_level(photo: Pixels, name: str) -> None:
    if not supports_bfloat16():
        pytest.skip("this CPU computes in float32 then, too")
    engine = OpenVINOEngine(PRETRAINED / f"{name}.safetensors", "sr", "bfloat16")
    lq = to_planes(photo[:64, :96])
    low, full = (
        to_samples(engine.run(lq, full_precision=full), np.uint8).astype(int)
        for full in (False, True)
    )
    assert (np.abs(low - full) <= 1).mean() > 0.999
    assert (low != full).any()


@pytest.mark.parametrize(
    ("opener", "name"),
    [*((OnnxEngine, name) for name in WITH_ALL_GRAPHS), (OpenVINOEngine, "jcarsr-lite-x2")],
)
def test_eight_bits_cost_nothing_to_be_seen(photo: Pixels, opener: Opener, name: str) -> None:
    """60 dB of agreement are less than 0.01 dB of a picture restored to 35 dB."""
    jpeg = io.BytesIO()
    Image.fromarray(photo[:64, :64]).save(jpeg, "JPEG", quality=30)
    lq = to_planes(np.asarray(Image.open(jpeg)))
    engine = opener(find(name), "sr", "int8")
    low, full = engine.run(lq), engine.run(lq, full_precision=True)
    assert 55 < agreement([low], [full]) < 100


@both
def test_threads_do_not_mix(exported: Path, opener: Opener) -> None:
    engine, rng = opener(exported, "sr", "float32"), np.random.default_rng(0)
    pictures = [rng.random((1, 3, 20 + n, 30 - n), np.float32) for n in range(12)]
    alone = [engine.run(picture) for picture in pictures]
    with ThreadPoolExecutor(6) as pool:
        together = list(pool.map(engine.run, pictures))
    for a, b in zip(alone, together, strict=True):
        np.testing.assert_allclose(a, b, atol=1e-6)


@both
def test_a_result_stays_when_the_next_comes(exported: Path, opener: Opener) -> None:
    engine, rng = opener(exported, "sr"), np.random.default_rng(0)
    first = engine.run(rng.random((1, 3, 24, 24), np.float32))
    kept = first.copy()
    engine.run(rng.random((1, 3, 24, 24), np.float32))
    np.testing.assert_array_equal(first, kept)


@both
def test_damaged_and_foreign_graphs_are_told(
    exported: Path, tmp_path: Path, opener: Opener
) -> None:
    weights = Path(shutil.copy(exported, tmp_path))
    graph = graph_path(weights, "sr")
    graph.write_bytes(graph_path(exported, "sr").read_bytes()[:500])
    with pytest.raises(WeightsError, match=r"small\.sr\.onnx: cannot be loaded") as error:
        opener(weights, "sr")
    assert "\n" not in str(error.value)
    shutil.copy(graph_path(exported, "gradient"), graph)
    with pytest.raises(WeightsError, match=r"small\.sr\.onnx: made for other weights"):
        opener(weights, "sr")


class _Full:
    """A library out of memory."""

    def run(self, names: object, feed: object) -> list[Planes]:
        raise RuntimeError("Failed to allocate memory for requested buffer of size 12345")

    create_infer_request = infer = lambda self, *feed: self.run(None, feed)


@both
def test_out_of_memory_is_told_as_such(
    exported: Path, opener: Opener, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = opener(exported, "sr")
    name = "_network"
    monkeypatch.setattr(engine, name, lambda kind: _Full())
    with pytest.raises(MemoryLimitError, match="tile of 5x4"):
        engine.run(np.zeros((1, 3, 4, 5), np.float32))


def test_backends_open_what_their_options_say(exported: Path) -> None:
    lq = np.random.default_rng(0).random((1, 3, 32, 32), np.float32)
    options = EngineOptions(threads=1, precision="float32")
    onnx, openvino = (kind(options).open(exported, "sr") for kind in (OnnxBackend, OpenVINOBackend))
    np.testing.assert_allclose(onnx.run(lq), openvino.run(lq), atol=1e-5)
    low = OpenVINOBackend(EngineOptions(precision="bfloat16")).open(exported, "sr")
    np.testing.assert_allclose(low.run(lq, full_precision=True), openvino.run(lq), atol=1e-5)


def test_signals_are_heard_when_engines_have_gone() -> None:
    """OpenVINO gives them a stack of its own; the older engine takes it away before the newer."""
    script = """
import gc, os, signal
from jcarsr.engines.openvino import OpenVINOEngine
from jcarsr.weights import find
older, newer = (OpenVINOEngine(find("jcarsr-lite-x2"), "gradient") for _ in range(2))
del older
gc.collect()
del newer
gc.collect()
signal.signal(signal.SIGTERM, lambda number, frame: print("heard"))
os.kill(os.getpid(), signal.SIGTERM)
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (0, "heard\n"), done.stderr


@pytest.mark.slow
@pytest.mark.parametrize("name", WITH_ALL_GRAPHS)
@pytest.mark.parametrize("output", FACTS.restoring_outputs)
@pytest.mark.parametrize("opener", ["onnx.OnnxEngine", "openvino.OpenVINOEngine"])
def test_memory_stays_below_what_is_said(name: str, output: str, opener: str) -> None:
    """Peak resident memory of one tile, in a process of its own; maxrss would be the parent's."""
    module, kind = opener.split(".")
    script = f"""
import numpy as np
from jcarsr.engines.{module} import {kind}
from jcarsr.weights import find
engine = {kind}(find({name!r}), {output!r}, "float32")
peak = lambda: int(open("/proc/self/status").read().split("VmHWM:")[1].split()[0]) * 1024
engine.run(np.zeros((1, 3, 64, 64), np.float32))
before = peak()
engine.run(np.zeros((1, 3, 384, 384), np.float32))
taken, said = peak() - before, engine.bytes_per_pixel * 384**2
assert 0.1 * said < taken < said, (taken, said)  # one number for all engines
"""
    subprocess.run([sys.executable, "-c", script], check=True)
