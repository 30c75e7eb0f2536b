"""Weights that the user gives in place of a training: a weight file of ours, or the authors'."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import torch

from jcarsr.convert.realesrgan import PACKAGED
from jcarsr.convert.run import convert
from jcarsr.errors import WeightsError
from jcarsr.experiments.jobs import GivenWeights
from jcarsr.networks.catalog import PRESETS, build_preset
from jcarsr.safefile import SafeFileError, read_metadata
from jcarsr.weights import read, read_record
from jcarsr.weights.record import FORMAT, FORMAT_1


def read_given(words: Sequence[str], folder: Path) -> dict[str, GivenWeights]:
    """Preset -> weights, of words such as arcnn=FILE.

    Args:
        words: PRESET=FILE each; a file of the authors' is converted.
        folder: where converted files go, named by the hash of what they were made of.

    Raises:
        ValueError: as `parse_given`.
        WeightsError: a file cannot be read, or is of another network.
        ModuleNotFoundError: a file needs a package that is not installed.
    """
    return {preset: _read(preset, file, folder) for preset, file in parse_given(words).items()}


def parse_given(words: Sequence[str]) -> dict[str, str]:
    """Preset -> file, of words such as arcnn=FILE.

    Raises:
        ValueError: a word is of another form, or its preset is not known.
    """
    files: dict[str, str] = {}
    for word in words:
        preset, equals, file = word.partition("=")
        if not equals or not file:
            raise ValueError(f"--given {word}: give PRESET=FILE, such as arcnn=q10.mat")
        if preset not in PRESETS:
            raise ValueError(f"--given {word}: no preset {preset}, see `jcarsr presets`")
        if preset in files:
            raise ValueError(f"--given {word}: {preset} is given twice")
        files[preset] = file
    return files


def _read(preset: str, file: str, folder: Path) -> GivenWeights:
    path = Path(file)
    if not _is_ours(path):
        path = convert_once(preset, file, folder)
    record = read(path).record
    if (record.architecture, record.config) != _describe(preset):
        raise WeightsError(f"{file}: is of {record.name}, not of the network {preset}")
    return GivenWeights(preset=preset, path=path, record=record)


def _is_ours(path: Path) -> bool:
    try:
        return read_metadata(path).get("format") in (FORMAT, FORMAT_1)
    except SafeFileError:
        return False


def convert_once(preset: str, file: str, folder: Path) -> Path:
    """The weight file made of an authors' file, which is made if it is not there.

    Args:
        preset: the network.
        file: the authors' file, or a key of PACKAGED.
        folder: where weight files go, named by the hash of what they were made of.

    Raises:
        WeightsError: the file cannot be read, or is of another network.
        ModuleNotFoundError: it needs a package that is not installed.
    """
    path = Path(file)
    content = path.read_bytes() if path.is_file() and file not in PACKAGED else file.encode()
    out = folder / f"{preset}-{hashlib.sha256(content).hexdigest()[:12]}.safetensors"
    if out.is_file():
        with suppress(WeightsError):  # of another version of this package
            read_record(out)
            return out
    convert(file, preset, out)
    return out


def _describe(preset: str) -> tuple[str, dict[str, Any]]:
    """Architecture and config as the records of a preset's weights have them."""
    with torch.device("meta"):
        about = build_preset(preset).describe()
    return about["architecture"], about["config"]
