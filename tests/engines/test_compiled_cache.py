import os
import shutil
import sys
from pathlib import Path

import numpy as np
import pytest

from jcarsr import WeightsError
from jcarsr.engines import compiled_cache
from jcarsr.engines.compiled_cache import CompiledCache, cache_folder
from jcarsr.engines.graph_files import graph_path
from jcarsr.engines.openvino import OpenVINOEngine
from jcarsr.partfile import PART
from jcarsr.weights import PRETRAINED

LQ = np.random.default_rng(0).random((1, 3, 9, 12), np.float32)


def engine(name: str = "jcarsr-lite-x2", threads: int = 1) -> OpenVINOEngine:
    """For the gradient, whose graph is the smaller one."""
    return OpenVINOEngine(PRETRAINED / f"{name}.safetensors", "gradient", "float32", threads)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("JCARSR_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


def test_the_second_engine_takes_what_the_first_compiled(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = engine().run(LQ)

    class CompilesError(Exception):
        """A graph is read, to be compiled."""

    def open(*_: object) -> None:
        raise CompilesError

    monkeypatch.setattr("jcarsr.engines.graph_files.Graphs.open", open)
    np.testing.assert_array_equal(engine().run(LQ), first)
    with pytest.raises(CompilesError):  # other weights
        engine("jcarsr-web-lite-x2")
    with pytest.raises(CompilesError):  # other settings
        engine(threads=2)


def test_what_is_damaged_is_compiled_and_kept_anew(folder: Path) -> None:
    first = engine().run(LQ)
    (kept,) = folder.iterdir()
    whole = kept.read_bytes()
    for damaged in (b"", whole[:40], whole[:-1], whole[:-1] + bytes([whole[-1] ^ 1])):
        kept.write_bytes(damaged)
        np.testing.assert_array_equal(engine().run(LQ), first)
        assert CompiledCache(folder).find(kept.stem) is not None


def test_what_openvino_refuses_is_compiled_anew(folder: Path) -> None:
    first = engine().run(LQ)
    (kept,) = folder.iterdir()
    CompiledCache(folder).keep(kept.stem, b"of a version that there is not")
    np.testing.assert_array_equal(engine().run(LQ), first)


@pytest.mark.parametrize("place", ["a file/cache", "/proc/cache"])
def test_without_a_place_all_works(
    place: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "a file").touch()
    monkeypatch.setenv("JCARSR_CACHE", str(tmp_path / place))
    assert engine().run(LQ).shape == (1, 3, 18, 24)


def test_the_unused_ones_go_first(folder: Path) -> None:
    cache = CompiledCache(folder)
    for number in range(32):
        cache.keep(str(number), b"x")
        os.utime(folder / f"{number}.compiled", (number, number))
    assert cache.find("0") == b"x"  # used now
    cache.keep("one more", b"y")
    assert cache.find("1") is None
    assert (cache.find("0"), cache.find("2"), cache.find("one more")) == (b"x", b"x", b"y")


def test_where_it_lies(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("JCARSR_CACHE", "")
    assert cache_folder() is None
    CompiledCache(None).keep("a", b"x")
    assert CompiledCache(None).find("a") is None
    monkeypatch.delenv("JCARSR_CACHE")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert cache_folder() == tmp_path / "jcarsr"
    monkeypatch.delenv("XDG_CACHE_HOME")
    assert cache_folder() == Path.home() / ".cache" / "jcarsr"


@pytest.mark.skipif(sys.platform == "win32", reason="has no owners of this kind")
def test_what_another_user_wrote_is_not_read(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    CompiledCache(folder).keep("a", b"x")
    assert folder.stat().st_mode & 0o077 == 0
    monkeypatch.setattr(os, "getuid", lambda: folder.stat().st_uid + 1)
    assert CompiledCache(folder).find("a") is None


def test_a_graph_in_the_place_of_another_is_refused_though_it_is_kept(
    folder: Path, tmp_path: Path
) -> None:
    weights = Path(shutil.copy(PRETRAINED / "jcarsr-lite-x2.safetensors", tmp_path))
    gradient = Path(shutil.copy(graph_path(PRETRAINED / weights.name, "gradient"), tmp_path))
    OpenVINOEngine(weights, "gradient", "float32", 1).run(LQ)
    assert len(list(folder.iterdir())) == 1
    gradient.rename(graph_path(weights, "sr"))
    with pytest.raises(WeightsError, match="made for other weights"):
        OpenVINOEngine(weights, "sr", "float32", 1)


def test_few_large_ones_are_kept(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compiled_cache, "_MOST_BYTES", 500)
    cache = CompiledCache(folder)
    for number in range(3):
        cache.keep(str(number), bytes(200))
        os.utime(folder / f"{number}.compiled", (number, number))
    assert [cache.find(name) is not None for name in "012"] == [False, True, True]
    cache.keep("large", bytes(1000))  # alone more than all may be
    assert sorted(path.name for path in folder.iterdir()) == ["large.compiled"]
    dead = folder / f".dead{PART}"
    dead.touch()
    cache.keep("1", b"x")
    assert not dead.exists()
