"""Fixtures that many tests share: small real pictures and a network small enough to run often."""

from __future__ import annotations

import functools
import gc
import os
import shutil
import signal
import sys
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import skimage.data
import torch
import typer
import typer.main
import typer.testing
from filelock import FileLock
from PIL import Image
from support.tiny import TINY

from jcarsr import PRESETS, JCARSRConfig
from jcarsr.networks.catalog import Preset
from jcarsr.networks.jcarsr.network import JCARSR
from jcarsr.pixels import Pixels
from jcarsr.weights import Record, write

# Compiled modules are kept, even if the environment says to write nothing: every child of a test
# finds ours, and the next run the tests themselves, which pytest takes seconds to rewrite.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """Look for no garbage while all there is is imported, and later not among what stays."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.enable()


TOGETHER = {
    "a server": ("web/",),
    "the training engine": (
        *("training/", "experiments/", "cli/test_train", "networks/test_cleaning.py"),
        *("networks/test_edsr.py", "benchmarks/", "tools/test_train_stages.py"),
    ),
    "exported graphs": (
        *("cli/test_export.py", "export/"),
        *("engines/test_base.py", "engines/test_graph_", "engines/test_select.py"),
    ),
}
"""What files, by the beginnings of their names, share that is costly to make or to load."""


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """As `--dist loadfile`, but files that share what is costly are in one process."""
    if config.getoption("dist") != "loadfile":
        return None
    from xdist.scheduler import LoadFileScheduling

    class Scheduling(LoadFileScheduling):
        def _split_scope(self, nodeid: str) -> str:
            file = super()._split_scope(nodeid)
            for shared, names in TOGETHER.items():
                if file.removeprefix("tests/").startswith(names):
                    return shared
            return file

    return Scheduling(config, log)


@pytest.fixture(autouse=True)
def _seeded() -> None:
    """As `torch.manual_seed`, which notes a stack for every kind of device that is not there."""
    torch.default_generator.manual_seed(0)
    if torch.cuda.is_initialized():
        torch.cuda.manual_seed_all(0)


@pytest.fixture(autouse=True, scope="session")
def _default_signals() -> None:
    """Undo what a script or nohup leaves ignored, Ctrl-C and SIGHUP: children inherit it."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
    if sys.platform != "win32":
        signal.signal(signal.SIGHUP, signal.SIG_DFL)


@pytest.fixture(autouse=True, scope="session")
def _commands_are_built_once() -> Iterator[None]:
    """Typer builds all commands at every call, which takes longer than most calls."""
    known = functools.cache(lambda app, detects: make(app))
    make = typer.main.get_command

    def build(app: typer.Typer) -> object:  # --show-completion depends on this variable
        return known(app, os.environ.get("_TYPER_COMPLETE_TEST_DISABLE_SHELL_DETECTION"))

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(typer.main, "get_command", build)
        patch.setattr(typer.testing, "_get_command", build)
        yield


@pytest.fixture(scope="session")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What OpenVINO compiles, once for all tests and their children; no run finds another's."""
    return common_folder(tmp_path_factory, "compiled")


@pytest.fixture(autouse=True)
def _own_cache(monkeypatch: pytest.MonkeyPatch, compiled: Path) -> None:
    monkeypatch.setenv("JCARSR_CACHE", str(compiled))


@pytest.fixture(autouse=True)
def _pillows_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a command run within a test sets for its process is put back."""
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", Image.MAX_IMAGE_PIXELS)


@pytest.fixture
def shapes_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Networks are built without initial values, for tests that only look at their shapes."""
    for name in dir(torch.nn.init):
        if name.endswith("_") and not name.startswith("_"):
            monkeypatch.setattr(torch.nn.init, name, lambda tensor, *sizes, **more: tensor)


@pytest.fixture
def tiny(monkeypatch: pytest.MonkeyPatch) -> JCARSRConfig:
    """A preset named `tiny` with every part of the real ones."""
    monkeypatch.setitem(PRESETS, "tiny", Preset("jcarsr", TINY.describe()["config"]))
    return TINY


@pytest.fixture(scope="session")
def photo() -> Pixels:
    """A 192x256 piece of a photograph."""
    return np.ascontiguousarray(skimage.data.astronaut()[0:192, 128:384])


@pytest.fixture(scope="session")
def _tiny_weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    torch.manual_seed(0)
    tensors = {k: v.numpy() for k, v in JCARSR(TINY).state_dict().items()}
    path = tmp_path_factory.mktemp("weights") / "tiny.safetensors"
    write(path, tensors, Record(name="tiny", **TINY.describe()))
    return path


@pytest.fixture
def tiny_weights(tmp_path: Path, tiny: JCARSRConfig, _tiny_weights: Path) -> Path:
    """A weight file of an untrained tiny network."""
    return Path(shutil.copy(_tiny_weights, tmp_path))


@pytest.fixture(scope="session")
def exported(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A weight file of an untrained small network, its graphs next to it; not to be changed.

    Exporting takes most of a minute, so one process does it for all processes of a test run.
    """
    folder = common_folder(tmp_path_factory, "exported")
    with FileLock(folder.with_suffix(".lock")):
        path, done = folder / "small.safetensors", folder / "done"
        if not done.exists():
            folder.mkdir()
            export_small(path)
            done.touch()
    return path


def common_folder(factory: pytest.TempPathFactory, name: str) -> Path:
    """The path of a folder that all processes of a test run have in common."""
    own = factory.getbasetemp()
    return (own.parent if "PYTEST_XDIST_WORKER" in os.environ else own) / name


def export_small(path: Path) -> None:
    from jcarsr.export.write import export

    torch.manual_seed(1)
    config = JCARSRConfig(scale=2, channels=8, num_groups=1, sr_blocks=1, jcar_blocks=1)
    tensors = {k: v.numpy() for k, v in JCARSR(config).state_dict().items()}
    write(path, tensors, Record(name="small", **config.describe()))
    rng = np.random.default_rng(0)
    export(path, calibration=[rng.random((1, 3, 48, 40), np.float32) for _ in range(4)])


@pytest.fixture
def picture_folder(tmp_path: Path, _pictures: Path) -> Path:
    """Twenty different 96x80 PNGs cut from photographs."""
    return Path(shutil.copytree(_pictures / "96x80", tmp_path / "pictures"))


@pytest.fixture
def small_pictures(tmp_path: Path, _pictures: Path) -> Path:
    """Twenty of 48x40, for training that is only to happen: most of its time goes to validation."""
    return Path(shutil.copytree(_pictures / "48x40", tmp_path / "pictures"))


@pytest.fixture(scope="session")
def _pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("pictures")
    source = skimage.data.coffee()
    for width, height in ((96, 80), (48, 40)):
        own = folder / f"{width}x{height}"
        own.mkdir()
        for index in range(20):
            top, left = (index % 4) * 90, (index // 4) * 100
            crop = Image.fromarray(source[top : top + height, left : left + width])
            crop.save(own / f"{index:02d}.png")
    return folder
