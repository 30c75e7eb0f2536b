"""What is measured: pictures, weights, and our own command in a process of its own."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnx_ir
import skimage.data
import torch
from PIL import Image

from jcarsr.data.catalog import pictures_of
from jcarsr.degradation.pipeline import low_resolution
from jcarsr.engines.graph_files import graph_path
from jcarsr.export.onnx_graph import build, trace
from jcarsr.jpeg.codec import encode
from jcarsr.networks.catalog import build_preset
from jcarsr.pixels import Pixels, crop_to_multiple
from jcarsr.weights import Record, bundled_names, find, write


@dataclass(frozen=True)
class Sample:
    """A picture of a test set, small and compressed."""

    set: str
    hr: Pixels
    jpegs: dict[int, bytes]
    """quality -> file."""


def samples(folders: list[Path], qfs: list[int]) -> Iterator[Sample]:
    """Every picture of the folders, shrunk by 2 and compressed, as in `jcarsr evaluate`."""
    for folder in folders:
        for entry in pictures_of(folder):
            hr = crop_to_multiple(entry.pixels(), 2)
            lr = low_resolution(hr, 2)
            yield Sample(folder.name, hr, {qf: encode(lr, qf) for qf in qfs})


def photograph(width: int, height: int, seed: int = 0) -> Pixels:
    """A photograph of any size: scikit-image's, cut out, mirrored on where they end."""
    name = ("astronaut", "coffee", "chelsea")[seed % 3]
    source: Pixels = getattr(skimage.data, name)()
    rows, columns = (
        np.abs((np.arange(count) + start) % (2 * length - 2) - (length - 1))
        for count, start, length in zip(
            (height, width), (31 * seed, 47 * seed), source.shape, strict=False
        )
    )
    return np.ascontiguousarray(source[rows][:, columns])


def jpeg_file(path: Path, pixels: Pixels, qf: int = 40) -> Path:
    """Write a JPEG."""
    path.write_bytes(encode(pixels, qf))
    return path


def weights_for(name: str, folder: Path) -> Path:
    """Bundled weights, or random ones of that preset with the graph for its picture alone."""
    if name in bundled_names():
        return find(name)
    path = folder / f"{name}.safetensors"
    if not path.exists():
        torch.manual_seed(0)
        network = build_preset(name)
        tensors = {key: value.numpy() for key, value in network.state_dict().items()}
        write(path, tensors, Record(name=name, **network.describe()))
        traced = trace(path, ["sr"])["sr"]
        onnx_ir.save(build(traced, path, "sr"), graph_path(path, "sr"))
    return path


@dataclass(frozen=True)
class Run:
    """What a run of the command took."""

    seconds: float
    """From the start of the process to its end."""
    peak_bytes: int
    """Resident."""


_WATCHED = """
import json, resource, subprocess, sys, time
started = time.perf_counter()
code = subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
took = time.perf_counter() - started
peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024
print(json.dumps([code.returncode, took, peak, code.stderr.decode()]))
"""


def command(*arguments: str | Path) -> Run:
    """Run `jcarsr` in a process of its own."""
    words = [sys.executable, "-m", "jcarsr", *map(str, arguments)]
    done = subprocess.run([sys.executable, "-c", _WATCHED, *words], capture_output=True, text=True)
    code, seconds, peak, errors = json.loads(done.stdout)
    if code:
        raise RuntimeError(f"{' '.join(words)}: {errors}")
    return Run(seconds, peak)


def png(image: Image.Image) -> bytes:
    """A PNG file."""
    file = io.BytesIO()
    image.save(file, "PNG")
    return file.getvalue()
