import io
import runpy
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import psutil
import pytest
from PIL import Image

from jcarsr.errors import ImageError, LargePictureError
from jcarsr.image import Animation, Picture, ReadOptions, decode
from jcarsr.image.open import MAX_PIXELS
from jcarsr.restoring.reading import DEFAULT_SECONDS, PlainReader, TimedReader

PLAIN = ReadOptions()
run = runpy.run_path  # the decoder of these tests: a file is a program


@pytest.fixture
def reader() -> Iterator[TimedReader]:
    with TimedReader(DEFAULT_SECONDS, MAX_PIXELS) as made:
        yield made
    assert not others()


def others() -> list[psutil.Process]:
    """Processes that readers have started."""
    found = psutil.Process().children()
    return [child for child in found if "jcarsr.killable" in child.cmdline()]


def saved(format: str, size: tuple[int, int] = (64, 48), **options: object) -> bytes:
    file = io.BytesIO()
    Image.linear_gradient("L").resize(size).convert("RGB").save(file, format, **options)  # pyright: ignore
    return file.getvalue()


def film() -> bytes:
    frames = [Image.new("RGB", (16, 16), (40 * n, 0, 0)) for n in range(3)]
    return saved("WEBP", (16, 16), save_all=True, append_images=frames, duration=40, lossless=True)


@pytest.mark.parametrize("format", ["JPEG", "PNG", "BMP"])
def test_small_files_of_plain_formats_start_no_process(reader: TimedReader, format: str) -> None:
    assert isinstance(reader.decode(saved(format), PLAIN), Picture)
    assert reader.header(saved(format), PLAIN).size == (64, 48)
    assert not others()


@pytest.mark.parametrize(("format", "size"), [("WEBP", (64, 48)), ("PNG", (2001, 2000))])
def test_the_picture_of_another_process_is_the_same(
    reader: TimedReader, tmp_path: Path, format: str, size: tuple[int, int]
) -> None:
    data = saved(format, size)
    path = tmp_path / "picture"
    path.write_bytes(data)
    expected = decode(path)
    assert isinstance(expected, Picture)
    for source in (data, path):
        found = reader.decode(source, PLAIN)
        assert isinstance(found, Picture)
        assert np.array_equal(found.samples, expected.samples)
        assert found.last_save == expected.last_save
    assert len(others()) == 1


def test_frames_come_one_after_another(reader: TimedReader) -> None:
    found, expected = reader.decode(film(), PLAIN), PlainReader().decode(film(), PLAIN)
    assert isinstance(found, Animation)
    assert isinstance(expected, Animation)
    assert found.milliseconds == expected.milliseconds
    for _ in range(2):  # as often as they are asked for
        pairs = zip(found.decode_frames(), expected.decode_frames(), strict=True)
        assert all(np.array_equal(one.samples, other.samples) for one, other in pairs)


def test_refusals_are_those_of_this_process(reader: TimedReader) -> None:
    for data in (b"II*\0" + bytes(20), saved("WEBP")[:60], b"", b"nothing"):
        with pytest.raises(ImageError) as plain:
            PlainReader().decode(data, PLAIN)
        with pytest.raises(ImageError) as timed:
            reader.decode(data, PLAIN)
        assert str(timed.value) == str(plain.value)
    small = ReadOptions(max_memory=2**10)
    with pytest.raises(LargePictureError, match=r"needs about .* 1\.0 KiB allowed$"):
        reader.decode(saved("WEBP"), small)
    with pytest.raises(ImageError, match="no such file"):
        reader.decode(Path("missing.webp"), PLAIN)


def test_too_long_is_a_refusal_and_the_next_file_is_read(tmp_path: Path) -> None:
    slow = tmp_path / "slow.py"
    slow.write_bytes(b"import time; time.sleep(60)")
    with TimedReader(1.0, MAX_PIXELS) as reader:
        with pytest.raises(ImageError, match=r"longer than 1 s to be read \(--decode-timeout\)"):
            reader.call(run, slow, {})
        slow.write_bytes(b"import os; os._exit(7)")
        with pytest.raises(ImageError, match=r"its decoder crashed \(exit code 7\)"):
            reader.call(run, slow, {})
        assert isinstance(reader.decode(saved("WEBP", (8, 8)), PLAIN), Picture)


def test_the_time_of_small_files_is_looked_at_afterwards() -> None:
    with TimedReader(1e-9, MAX_PIXELS) as reader, pytest.raises(ImageError, match="1e-09 s"):
        reader.decode(saved("PNG"), PLAIN)
