from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from jcarsr import JCARSRConfig, WeightsError
from jcarsr.inference.torch_engine import TorchEngine, load_network
from jcarsr.weights import Weights, read


def test_run_is_the_networks_restore(tiny_weights: Path) -> None:
    weights = read(tiny_weights)
    lq = np.random.default_rng(0).random((1, 3, 9, 11), np.float32)
    with torch.no_grad():
        expected = load_network(weights).restore(torch.from_numpy(lq)).numpy()
    sr = TorchEngine(weights, "cpu").run(lq)
    assert sr.dtype == np.float32
    np.testing.assert_allclose(sr, expected, atol=1e-5)


def test_tensors_of_another_network_are_refused(tiny_weights: Path) -> None:
    weights = read(tiny_weights)
    other = replace(weights.record, config=JCARSRConfig(scale=4, channels=8))
    with pytest.raises(WeightsError, match="do not fit") as error:
        load_network(Weights(other, weights.tensors))
    assert "\n" not in str(error.value)


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
def test_missing_cuda_is_told(tiny_weights: Path) -> None:
    with pytest.raises(ValueError, match="cuda is not available"):
        TorchEngine(read(tiny_weights), "cuda")


@pytest.mark.gpu
def test_gpu_agrees_with_the_cpu(tiny_weights: Path) -> None:
    weights = read(tiny_weights)
    lq = np.random.default_rng(0).random((1, 3, 48, 64), np.float32)
    gpu, cpu = (TorchEngine(weights, device).run(lq) for device in ("cuda", "cpu"))
    np.testing.assert_allclose(gpu, cpu, atol=0.02)
