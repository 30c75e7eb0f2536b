"""`jcarsr restore` in this process, a JPEG to give it and a place for results."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from PIL import Image
from support.restoring import Command, Said

from jcarsr.cli import main
from jcarsr.pixels import Pixels


@pytest.fixture
def run(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tiny_weights: Path
) -> Iterator[Command]:
    """`jcarsr restore` in this process, by the tiny network if no other is named."""
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", Image.MAX_IMAGE_PIXELS)  # put back afterwards
    threads = torch.get_num_threads()
    torch.set_num_threads(1)  # for a network so small that others only wait for each other

    def run(*arguments: object, weights: object = tiny_weights) -> Said:
        argv = ["jcarsr", "restore", *map(str, arguments)]
        monkeypatch.setattr(sys, "argv", argv + (["--weights", str(weights)] if weights else []))
        capsys.readouterr()
        with pytest.raises(SystemExit) as left:
            main()
        said = capsys.readouterr()
        assert "Traceback" not in said.err
        return Said(int(left.value.code or 0), said.out, said.err)

    yield run
    torch.set_num_threads(threads)


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
