import ast
import subprocess
import sys
from importlib import import_module
from importlib.metadata import version
from importlib.resources import files

import jcarsr


def test_every_name_is_what_the_stub_says() -> None:
    """Type checkers read the stub, which nothing else does."""
    stub = ast.parse(files("jcarsr").joinpath("__init__.pyi").read_text("utf-8"))
    homes = {
        alias.asname or alias.name: line.module
        for line in stub.body
        if isinstance(line, ast.ImportFrom) and line.module != "__future__"
        for alias in line.names
    }
    assert {"Restorer", "restore", "Target", "WeightsError", "PRESETS"} < homes.keys()
    for name, module in homes.items():
        assert getattr(jcarsr, name) is getattr(import_module(str(module)), name)
    assert {*homes, "__version__"} == set(dir(jcarsr)) | {"__version__"}


def test_import_loads_nothing_before_a_name_is_used() -> None:
    script = """
import sys
import jcarsr
own = {name for name in sys.modules if name.partition(".")[0] == "jcarsr"}
assert own == {"jcarsr"}, own
assert "numpy" not in sys.modules
assert jcarsr.Target.__module__ == "jcarsr.restoring.target"
"""
    subprocess.run([sys.executable, "-c", script], check=True)


def test_version_is_the_installed_ones() -> None:
    assert jcarsr.__version__ == version("jcarsr")


def test_unknown_name_is_an_attribute_error() -> None:
    assert not hasattr(jcarsr, "no_such_name")


def test_everything_around_the_network_works_without_torch() -> None:
    """Decode, plan, tile, blend, encode, read weights: a second engine brings no PyTorch."""
    script = """
import sys
sys.modules["torch"] = None  # any import of it fails
import jcarsr, jcarsr.api, jcarsr.cli, jcarsr.image, jcarsr.weights, jcarsr.batch.pipeline
import numpy as np
from jcarsr import NetworkRestorer

class Nearest:
    scale = 2
    bytes_per_pixel = 1
    def run(self, lq, *, full_precision=False):
        return lq.repeat(2, 2).repeat(2, 3)

sr = NetworkRestorer(Nearest(), tile=320).restore(np.zeros((350, 150, 3), np.uint8))
assert sr.shape == (700, 300, 3)
for name in jcarsr.weights.bundled_names():
    jcarsr.weights.read(jcarsr.weights.find(name))
"""
    subprocess.run([sys.executable, "-c", script], check=True)
