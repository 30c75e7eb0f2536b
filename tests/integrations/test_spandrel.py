"""What needs no spandrel; the rest is in tests/reference/test_spandrel_jcarsr.py."""

import subprocess
import sys

import pytest

SCRIPT = """
import importlib, sys, types
sys.modules["spandrel"] = types.ModuleType("spandrel")
sys.modules["{missing}"] = None
importlib.import_module("jcarsr.integrations.spandrel")
"""


@pytest.mark.parametrize("missing", ["spandrel", "torch"])
def test_without_what_it_needs_the_extra_is_named(missing: str) -> None:
    """In a process of its own: PyTorch cannot be taken away from what has imported it."""
    command = [sys.executable, "-c", SCRIPT.format(missing=missing)]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    said = (
        f"ImportError: jcarsr.integrations.spandrel needs {missing}: pip install 'jcarsr[spandrel]'"
    )
    assert ended.stderr.splitlines()[-1] == said
