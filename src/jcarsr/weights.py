"""Weight files: fp16 safetensors that say what they are. Imports no PyTorch.

A file's metadata holds one JSON text, the record: the network's sizes, how and on what it was
trained, its scores, and a hash of its tensors.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from safetensors.numpy import save

from jcarsr.errors import WeightsError
from jcarsr.model.config import JCARSRConfig
from jcarsr.safefile import SafeFileError, read_metadata, read_tensors

Tensors = Mapping[str, npt.NDArray[Any]]
"""Parameter name -> values, any float type."""

PRETRAINED = Path(__file__).parent / "pretrained"
"""The weights that the package brings."""

_FORMAT = "jcarsr-1"


@dataclass(frozen=True, kw_only=True)
class Record:
    """What a weight file says of itself."""

    name: str  # for example jcarsr-lite-x2
    config: JCARSRConfig
    recipe: dict[str, Any] = field(default_factory=dict[str, Any])  # settings of the training
    data: list[str] = field(default_factory=list[str])  # what it was trained on
    training: dict[str, Any] = field(default_factory=dict[str, Any])  # steps, minutes, device
    scores: dict[str, Any] = field(default_factory=dict[str, Any])  # set, scale, qf -> PSNR, SSIM
    licence: str = ""
    sha256: str = ""  # of the tensors; filled in by `write`


@dataclass(frozen=True)
class Weights:
    """A checked weight file: its record and its tensors."""

    record: Record
    tensors: Tensors


def write(path: Path, tensors: Tensors, record: Record) -> Record:
    """Store `tensors` as fp16 under a temporary name, then rename; gives the record as stored.

    Raises:
        WeightsError: a value is not finite or does not fit into fp16.
    """
    halves: dict[str, npt.NDArray[Any]] = {}
    for name, values in tensors.items():
        with np.errstate(over="ignore"):
            halves[name] = np.ascontiguousarray(values, dtype=np.float16)
        if not np.isfinite(halves[name]).all():
            raise WeightsError(f"{path}: {name} has values that fp16 cannot hold")
    record = replace(record, sha256=tensors_hash(halves))
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}.{os.getpid()}.part")
    metadata = {"format": _FORMAT, "record": json.dumps(asdict(record), sort_keys=True)}
    try:
        partial.write_bytes(save(halves, metadata))  # save_file lets only its owner read it
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)
    return record


def read(path: Path) -> Weights:
    """Open and check a weight file.

    Raises:
        WeightsError: missing, no such file of ours, or its tensors do not have the stored hash.
    """
    record = read_record(path)
    tensors = read_tensors(path, "numpy")
    if tensors_hash(tensors) != record.sha256:
        raise WeightsError(f"{path}: damaged, its tensors do not match the hash in its record")
    return Weights(record, tensors)


def read_record(path: Path) -> Record:
    """What a weight file says of itself, without reading its tensors.

    Raises:
        WeightsError: missing or no weight file of ours.
    """
    try:
        metadata = read_metadata(path)
    except SafeFileError as error:
        raise WeightsError(f"{path}: {error}") from error
    if metadata.get("format") != _FORMAT:
        raise WeightsError(f"{path}: not a weight file of jcarsr (format {_FORMAT})")
    try:
        fields: dict[str, Any] = json.loads(metadata["record"])
        fields["config"] = JCARSRConfig(**fields["config"])
        return Record(**fields)
    except (KeyError, TypeError, ValueError) as error:
        raise WeightsError(f"{path}: its record cannot be read ({error})") from error


def find(name_or_path: str) -> Path:
    """The file of weights given by the name of bundled ones or by a path.

    Raises:
        WeightsError: neither; the message lists the bundled names.
    """
    bundled = PRETRAINED / f"{name_or_path}.safetensors"
    if name_or_path in bundled_names():
        return bundled
    if Path(name_or_path).is_file():
        return Path(name_or_path)
    names = ", ".join(bundled_names()) or "none"
    raise WeightsError(f"{name_or_path}: no such weight file, nor bundled weights ({names})")


def bundled_names() -> list[str]:
    """Names of the weights that the package brings."""
    return sorted(path.stem for path in PRETRAINED.glob("*.safetensors"))


def default_name(scale: int) -> str:
    """The bundled weights for a scale: the paper's network if it is there, else the small one.

    Raises:
        WeightsError: none for this scale.
    """
    for name in (f"jcarsr-x{scale}", f"jcarsr-lite-x{scale}"):
        if name in bundled_names():
            return name
    raise WeightsError(f"no bundled weights for scale {scale}")


def web_name(scale: int) -> str | None:
    """The bundled weights for pictures that were saved repeatedly, None if there are none."""
    names = (f"jcarsr-web-x{scale}", f"jcarsr-web-lite-x{scale}")
    return next((name for name in names if name in bundled_names()), None)


def tensors_hash(tensors: Tensors) -> str:
    """sha256 over names, shapes, types and values in the order of the names."""
    digest = hashlib.sha256()
    for name in sorted(tensors):
        values = tensors[name]
        digest.update(f"{name} {values.dtype.str} {values.shape}\n".encode())
        digest.update(np.ascontiguousarray(values).tobytes())
    return digest.hexdigest()
