"""What needs no spandrel; the rest is in tests/reference/test_spandrel_jcarsr.py."""

import importlib
import sys
from types import ModuleType

import pytest


@pytest.mark.parametrize("missing", ["spandrel", "torch"])
def test_without_what_it_needs_the_extra_is_named(
    monkeypatch: pytest.MonkeyPatch, missing: str
) -> None:
    monkeypatch.setitem(sys.modules, "spandrel", ModuleType("spandrel"))
    for name in [name for name in sys.modules if name.startswith("jcarsr.networks.jcarsr")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, missing, None)
    monkeypatch.delitem(sys.modules, "jcarsr.integrations.spandrel", raising=False)
    with pytest.raises(ImportError, match=rf"needs {missing}: pip install 'jcarsr\[spandrel\]'"):
        importlib.import_module("jcarsr.integrations.spandrel")
