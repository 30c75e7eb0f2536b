"""`jcarsr` in this process, a JPEG to give it and a place for results."""

import io
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from PIL import Image
from support.commands import Command, Said

from jcarsr.cli import main
from jcarsr.pixels import Pixels


@pytest.fixture
def call(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Iterator[Command]:
    """`jcarsr` in this process; `given` is its standard input."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)  # for a network so small that others only wait for each other

    def call(*arguments: object, given: bytes = b"") -> Said:
        monkeypatch.setattr(sys, "argv", ["jcarsr", *map(str, arguments)])
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(given)))
        capsys.readouterr()
        with pytest.raises(SystemExit) as left:
            main()
        said = capsys.readouterr()
        assert "Traceback" not in said.err
        return Said(int(left.value.code or 0), said.out, said.err)

    yield call
    torch.set_num_threads(threads)


@pytest.fixture
def small(tmp_path: Path, photo: Pixels) -> Path:
    """A JPEG of 32x24 pixels, small enough to be restored at once."""
    Image.fromarray(photo[:24, :32]).save(tmp_path / "a.jpg", quality=30)
    return tmp_path / "a.jpg"


@pytest.fixture
def run(call: Command, tiny_weights: Path) -> Command:
    """`jcarsr restore`, by the tiny network if no other is named."""

    def run(*arguments: object, weights: object = tiny_weights) -> Said:
        return call("restore", *arguments, *(("--weights", weights) if weights else ()))

    return run


@pytest.fixture
def jpeg(tmp_path: Path, photo: Pixels) -> Path:
    path = tmp_path / "in" / "photo.jpg"
    path.parent.mkdir()
    exif = Image.Exif()
    exif[0x010E] = "a description"
    Image.fromarray(photo[96:144, 96:160]).save(path, quality=20, exif=exif, dpi=(150, 150))
    return path


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return tmp_path / "out"
