"""Weight files: fp16 safetensors that say what they are. Imports no PyTorch.

A file's metadata holds one JSON text, the record: the network's sizes, how and on what it was
trained, its scores, and a hash of its tensors.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from safetensors.numpy import save

from jcarsr.errors import WeightsError
from jcarsr.partfile import being_written
from jcarsr.safefile import SafeFileError, read_metadata, read_tensors
from jcarsr.weights.record import FORMAT, FORMAT_1, Record, parse_record

Tensors = Mapping[str, npt.NDArray[Any]]
"""Parameter name -> values, any float type."""


@dataclass(frozen=True)
class Weights:
    """A checked weight file: its record and its tensors."""

    record: Record
    tensors: Tensors


def write(path: Path, tensors: Tensors, record: Record) -> Record:
    """Store `tensors` as fp16 under a temporary name, then rename; gives the record as stored.

    Raises:
        WeightsError: a value is not finite or does not fit into fp16, or a number of the record
            is not finite.
    """
    halves: dict[str, npt.NDArray[Any]] = {}
    for name, values in tensors.items():
        with np.errstate(over="ignore"):
            halves[name] = np.ascontiguousarray(values, dtype=np.float16)
        if not np.isfinite(halves[name]).all():
            raise WeightsError(f"{path}: {name} has values that fp16 cannot hold")
    record = replace(record, sha256=tensors_hash(halves))
    try:
        text = json.dumps(asdict(record), sort_keys=True, allow_nan=False)
    except ValueError as error:  # other readers of JSON would refuse the whole record
        raise WeightsError(f"{path}: its record has a number that is not finite") from error
    metadata = {"format": FORMAT, "record": text}
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
    if metadata.get("format") not in (FORMAT, FORMAT_1):
        raise WeightsError(f"{path}: not a weight file of jcarsr (formats {FORMAT_1}, {FORMAT})")
    try:
        return parse_record(json.loads(metadata["record"]), metadata["format"])
    except RecursionError as error:
        raise WeightsError(f"{path}: its record cannot be read (nested too deeply)") from error
    except (KeyError, TypeError, ValueError) as error:
        raise WeightsError(f"{path}: its record cannot be read ({error})") from error


def tensors_hash(tensors: Tensors) -> str:
    """sha256 over names, shapes, types and values in the order of the names."""
    digest = hashlib.sha256()
    for name in sorted(tensors):
        values = tensors[name]
        digest.update(f"{name} {values.dtype.str} {values.shape}\n".encode())
        digest.update(np.ascontiguousarray(values).tobytes())
    return digest.hexdigest()
