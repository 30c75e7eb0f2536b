"""What needs no spandrel; the rest is in tests/reference/test_spandrel_jcarsr.py."""

import importlib
import sys

import pytest


def test_without_spandrel_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "spandrel", None)
    monkeypatch.delitem(sys.modules, "jcarsr.integrations.spandrel", raising=False)
    with pytest.raises(ImportError, match=r"needs spandrel: pip install 'jcarsr\[spandrel\]'"):
        importlib.import_module("jcarsr.integrations.spandrel")
