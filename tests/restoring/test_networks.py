from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from jcarsr import WeightsError
from jcarsr.engines.torch import TorchEngine
from jcarsr.networks.catalog import build
from jcarsr.pixels import Pixels, Planes
from jcarsr.restoring.networks import Networks
from jcarsr.restoring.restorer import DEFAULT_TILE
from jcarsr.restoring.target import Target
from jcarsr.weights import read, read_record, write


def test_bundled_weights_do_every_scale(photo: Pixels) -> None:
    networks = Networks()
    small = photo[:24, :20]
    for scale in (2, 4):
        assert networks.restorer(scale).restore(small).shape == (24 * scale, 20 * scale, 3)
    assert [networks.network_scale(scale) for scale in (1, 2, 4)] == [2, 2, 4]
    assert networks.network_scales(Target(scale=1)) == (2,)
    assert networks.network_scales(Target(width=9)) == (2, 4)


def test_own_weights_do_theirs_and_shrink(tiny_weights: Path) -> None:
    networks = Networks(str(tiny_weights))
    assert networks.scales == (2,)
    assert networks.network_scale(1) == 2
    assert networks.record(2).sha256 == read_record(tiny_weights).sha256
    with pytest.raises(WeightsError, match=r"tiny\.safetensors: enlarges by 2, and 4 is needed"):
        networks.restorer(4)


def test_weights_are_loaded_once_from_any_thread(
    tiny_weights: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from jcarsr.engines import torch as module

    read, loads = module.read, list[Path]()

    def counted(path: Path):
        loads.append(path)
        return read(path)

    monkeypatch.setattr(module, "read", counted)
    networks = Networks(str(tiny_weights))
    assert not loads
    with ThreadPoolExecutor(8) as pool:
        restorers = list(pool.map(lambda make: make(2), [networks.restorer, networks.gradient] * 8))
    assert len(loads) == 1
    assert {restorer.scale for restorer in restorers} == {2}


def test_wrong_tile_and_unknown_weights_are_refused_at_once(tiny_weights: Path) -> None:
    with pytest.raises(ValueError, match="multiple of 16"):
        Networks(str(tiny_weights), tile=100)
    with pytest.raises(WeightsError, match="no such weight file"):
        Networks("nothing")


def test_memory_limit_makes_tiles_smaller(
    tiny_weights: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def repeat(engine: TorchEngine, lq: Planes, *, full_precision: bool = False) -> Planes:
        return lq.repeat(2, 2).repeat(2, 3)

    monkeypatch.setattr(TorchEngine, "run", repeat)
    roomy = Networks(str(tiny_weights), max_memory=None).restorer(2)
    tight = Networks(str(tiny_weights), max_memory=110 * 2**20).restorer(2)
    lq = np.zeros((400, 400, 3), np.uint8)
    assert roomy.run(lq).tile == DEFAULT_TILE
    tile = tight.run(lq).tile
    assert tile is not None
    assert 320 <= tile < 400


def test_scale_that_is_not_asked_for(tiny_weights: Path) -> None:
    assert Networks().asked_scale(None) == 2
    own = Networks(str(tiny_weights))
    assert (own.asked_scale(None), own.asked_scale(1)) == (2, 1)
    with pytest.raises(ValueError, match=r"^scale=4: .*tiny\.safetensors enlarges by 2$"):
        own.asked_scale(4)


def test_tiles_are_no_larger_than_a_networks_need_is_known_for(
    tiny_weights: Path, tmp_path: Path
) -> None:
    stored = read(tiny_weights)
    config = {"scale": 2, "channels": 8, "num_heads": 2, "window": 4, "num_groups": 1}
    network = build("hma", {**config, "num_layers": 2, "interval": 2})
    tensors = {key: value.numpy() for key, value in network.state_dict().items()}
    path = tmp_path / "hma.safetensors"
    write(path, tensors, replace(stored.record, name="hma", **network.describe()))
    assert Networks(str(path)).tile(2) == 320
    assert Networks(str(path), tile=None).tile(2) == 320
    assert Networks(str(path), tile=None, max_memory=None).tile(2) is None
    assert Networks(str(tiny_weights)).tile(2) == DEFAULT_TILE


def test_tiles_that_are_none_are_the_weights_fault(tiny_weights: Path, tmp_path: Path) -> None:
    stored = read(tiny_weights)
    path = tmp_path / "odd.safetensors"
    facts = replace(stored.record.facts, largest_tile=100)
    write(path, stored.tensors, replace(stored.record, facts=facts, architecture="edsr"))
    with pytest.raises(WeightsError, match="largest_tile must be a multiple of 16 from 320 on"):
        Networks(str(path)).tile(2)
