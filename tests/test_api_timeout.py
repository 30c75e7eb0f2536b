"""The limit on decoding of `Restorer`."""

import gc
import os
import sys
from pathlib import Path

import numpy as np
import psutil
import pytest
from PIL import Image

from jcarsr import ImageError, Restorer, Target
from jcarsr.pixels import Pixels
from jcarsr.restoring import reading

SAME = Target(scale=1)
ENDLESS = """
def decode(source, options):
    while True:
        pass

def crash(source, options):
    import os
    os._exit(7)
"""


def readers() -> list[psutil.Process]:
    found = psutil.Process().children()
    return [child for child in found if "jcarsr.killable" in child.cmdline()]


@pytest.fixture
def still(tmp_path: Path, photo: Pixels) -> Path:
    path = tmp_path / "still.webp"
    Image.fromarray(photo[:64, :96]).save(path, lossless=True)
    return path


@pytest.fixture
def film(tmp_path: Path, photo: Pixels) -> Path:
    path = tmp_path / "film.webp"
    frames = [Image.fromarray(photo[n : n + 32, :48]) for n in range(3)]
    frames[0].save(path, save_all=True, append_images=frames[1:], duration=40, lossless=True)
    return path


def test_results_are_the_same_with_a_limit(
    tmp_path: Path, still: Path, film: Path, tiny_weights: Path
) -> None:
    plain = Restorer(str(tiny_weights))
    with Restorer(str(tiny_weights), decode_timeout=60) as limited:
        np.testing.assert_array_equal(
            np.asarray(limited.restore(still, SAME)), np.asarray(plain.restore(str(still), SAME))
        )
        for source in (still, film):
            plain.restore_file(source, tmp_path / "plain.png", SAME, overwrite=True)
            limited.restore_file(str(source), tmp_path / "limited.png", SAME, overwrite=True)
            read = [(tmp_path / name).read_bytes() for name in ("plain.png", "limited.png")]
            assert read[0] == read[1]
        assert readers()
        with pytest.raises(ImageError, match=r"film\.webp: an animation"):
            limited.restore(film)
        with pytest.raises(ImageError, match=r"none\.webp: no such file"):
            limited.restore(tmp_path / "none.webp")
    assert not readers()


def test_what_never_ends_or_crashes_is_refused(
    tmp_path: Path, still: Path, tiny_weights: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "endless_decoder.py").write_text(ENDLESS)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setenv("PYTHONPATH", f"{tmp_path}{os.pathsep}{os.pathsep.join(sys.path)}")
    import endless_decoder  # pyright: ignore[reportMissingImports]

    result = tmp_path / "result.png"
    for seconds, decoder, said in (
        (1, "decode", r"still\.webp: took longer than 1 s to be read \(decode_timeout\)"),
        (60, "crash", r"still\.webp: its decoder crashed \(exit code 7\)"),
    ):
        with Restorer(str(tiny_weights), decode_timeout=seconds) as restorer:
            with monkeypatch.context() as other:
                other.setattr(reading, "_decode", getattr(endless_decoder, decoder))  # pyright: ignore
                with pytest.raises(ImageError, match=said):
                    restorer.restore(still)
                with pytest.raises(ImageError, match=r"still\.webp: (took|its decoder)"):
                    restorer.restore_file(still, result)
            assert not result.exists()
            if seconds > 1:  # the next file has another process
                restorer.restore_file(still, result, SAME)
    with Image.open(result) as image:
        assert image.size == (96, 64)


def test_processes_end_when_a_restorer_is_collected(still: Path, tiny_weights: Path) -> None:
    restorer = Restorer(str(tiny_weights), decode_timeout=60)
    restorer.restore(still, SAME)
    assert readers()
    del restorer
    gc.collect()
    assert not readers()


@pytest.mark.parametrize("seconds", [0, -1.0, float("nan"), float("inf"), 1e300])
def test_limits_that_are_none_are_refused(tiny_weights: Path, seconds: float) -> None:
    with pytest.raises(ValueError, match="decode_timeout must be positive"):
        Restorer(str(tiny_weights), decode_timeout=seconds)
