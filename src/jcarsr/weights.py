"""Weight files: fp16 safetensors that say what they are. Imports no PyTorch.

A file's metadata holds one JSON text, the record: the network's sizes, how and on what it was
trained, its scores, and a hash of its tensors.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, cast

import numpy as np
import numpy.typing as npt
from safetensors.numpy import save

from jcarsr.errors import WeightsError
from jcarsr.networks.jcarsr.config import JCARSRConfig
from jcarsr.partfile import being_written
from jcarsr.protocols import NetworkFacts, Output
from jcarsr.safefile import SafeFileError, read_metadata, read_tensors

Tensors = Mapping[str, npt.NDArray[Any]]
"""Parameter name -> values, any float type."""

PRETRAINED = Path(__file__).parent / "pretrained"
"""The weights that the package brings."""

_FORMAT = "jcarsr-2"
_FORMAT_1 = "jcarsr-1"  # of version 0.1: a JCARSR, whose record has its config alone
_TYPES: dict[str, tuple[type, str]] = {
    **dict.fromkeys(("name", "architecture", "licence", "sha256"), (str, "a text")),
    **dict.fromkeys(("config", "facts", "recipe", "training", "scores"), (dict, "an object")),
    "data": (list, "a list"),
}
_LARGEST = 4096  # of a network's sizes: with larger ones it would never be built
_DEEPEST = 16  # lists and objects within each other in a field of a record
_SHA256 = re.compile("[0-9a-f]{64}")


@dataclass(frozen=True, kw_only=True)
class Record:
    """What a weight file says of itself."""

    name: str  # for example jcarsr-lite-x2
    architecture: str  # a key of the catalogue of networks
    config: dict[str, Any]  # fields of the architecture's config class
    facts: NetworkFacts
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
    metadata = {"format": _FORMAT, "record": json.dumps(asdict(record), sort_keys=True)}
    with being_written(path) as file:
        file.write(save(halves, metadata))
    return record


def read(path: Path) -> Weights:
    """Open and check a weight file.

    Raises:
        WeightsError: missing, no such file of ours, or its tensors do not have the stored hash.
    """
    record = read_record(path)
    try:
        tensors = read_tensors(path, "numpy")
    except SafeFileError as error:
        raise WeightsError(f"{path}: {error}") from error
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
    if metadata.get("format") not in (_FORMAT, _FORMAT_1):
        raise WeightsError(f"{path}: not a weight file of jcarsr (formats {_FORMAT_1}, {_FORMAT})")
    try:
        return _record(json.loads(metadata["record"]), metadata["format"])
    except RecursionError as error:
        raise WeightsError(f"{path}: its record cannot be read (nested too deeply)") from error
    except (KeyError, TypeError, ValueError) as error:
        raise WeightsError(f"{path}: its record cannot be read ({error})") from error


def _record(said: Any, version: str) -> Record:
    """The record in a parsed JSON text, which may hold anything, of a file of that format.

    Raises:
        ValueError: a field is of another type than it should be, or nested too deeply.
        TypeError: a field is missing or there is one too many.
    """
    if not isinstance(said, dict):
        raise ValueError("not an object")
    fields: dict[str, Any] = dict(said)  # pyright: ignore[reportUnknownArgumentType]
    for name, value in fields.items():
        expected, kind = _TYPES.get(name, (object, ""))
        if not isinstance(value, expected):
            raise ValueError(f"{name} must be {kind}, got {type(value).__name__}")
        if _depth(value) > _DEEPEST:
            raise ValueError(f"{name} is nested too deeply")
    config: dict[str, Any] = fields["config"]
    for name, value in config.items():
        if isinstance(value, int | float) and value > _LARGEST:
            raise ValueError(f"{name} {value} is too large")
    if version == _FORMAT_1 or fields["architecture"] == "jcarsr":
        fields |= JCARSRConfig(**config).described()
    else:
        fields["facts"] = NetworkFacts.from_json(fields["facts"])
    if not all(isinstance(text, str) for text in fields.get("data", [])):
        raise ValueError("data must be a list of texts")
    record = Record(**fields)
    if not _SHA256.fullmatch(record.sha256):
        raise ValueError(f"sha256 must be 64 hexadecimal digits, got {record.sha256!r:.40}")
    return record


def _depth(value: Any) -> int:
    """How many lists and objects lie within each other, at most `_DEEPEST` + 1."""
    level: list[Any] = [value]
    for depth in range(_DEEPEST + 1):
        inner: list[Any] = []
        for item in level:
            inner += item.values() if isinstance(item, dict) else ()
            inner += cast(list[Any], item) if isinstance(item, list) else ()
        if not inner:
            return depth
        level = inner
    return _DEEPEST + 1


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


def check_output(record: Record, output: Output) -> None:
    """Raise a WeightsError unless the network has this output; the message names what it lacks."""
    if output not in record.facts.outputs:
        lacks = {"lr": "cleans without enlarging", "gradient": "predicts edges", "sr": "enlarges"}
        raise WeightsError(f"{record.name}: no part of this network {lacks[output]}")


def tensors_hash(tensors: Tensors) -> str:
    """sha256 over names, shapes, types and values in the order of the names."""
    digest = hashlib.sha256()
    for name in sorted(tensors):
        values = tensors[name]
        digest.update(f"{name} {values.dtype.str} {values.shape}\n".encode())
        digest.update(np.ascontiguousarray(values).tobytes())
    return digest.hexdigest()
