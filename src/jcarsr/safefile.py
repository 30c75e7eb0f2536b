"""Opening safetensors files with types and one kind of error. No pickle, no PyTorch."""

from __future__ import annotations

import json
import struct
from pathlib import Path
from typing import Any, Literal

from safetensors import SafetensorError, safe_open

from jcarsr.errors import one_line


class SafeFileError(Exception):
    """A file that is missing or no safetensors file; the text does not name it."""


def read_metadata(path: Path) -> dict[str, str]:
    """The text entries of a file's header.

    Raises:
        SafeFileError: missing or no safetensors file.
    """
    return _read(path, "numpy", with_tensors=False)[0]


def read_tensors(path: Path, framework: Literal["numpy", "pt"]) -> dict[str, Any]:
    """Name -> tensor, as numpy arrays or PyTorch tensors.

    Raises:
        SafeFileError: missing or no safetensors file.
    """
    return _read(path, framework, with_tensors=True)[1]


def tensor_places(path: Path) -> dict[str, tuple[int, int]]:
    """Name -> (offset in the file, length) of a tensor's values, in bytes.

    Raises:
        SafeFileError: missing or no safetensors file.
    """
    read_metadata(path)  # checks the header
    try:
        with path.open("rb") as file:
            (length,) = struct.unpack("<Q", file.read(8))
            header: dict[str, Any] = json.loads(file.read(length))
    except (OSError, ValueError, RecursionError, struct.error) as error:
        raise SafeFileError(f"not a safetensors file ({error})") from error
    header.pop("__metadata__", None)
    spans = {name: entry["data_offsets"] for name, entry in header.items()}
    return {name: (8 + length + start, stop - start) for name, (start, stop) in spans.items()}


def _read(
    path: Path, framework: str, *, with_tensors: bool
) -> tuple[dict[str, str], dict[str, Any]]:
    name = None
    try:
        opener: Any = safe_open  # comes without types
        with opener(path, framework=framework) as file:
            tensors: dict[str, Any] = {}
            names: list[str] = file.keys() if with_tensors else []
            for name in names:
                tensors[name] = file.get_tensor(name)
            return file.metadata() or {}, tensors
    except FileNotFoundError as error:
        raise SafeFileError("no such file") from error
    except Exception as error:  # of types that numpy lacks the library says it in many ways
        reason = one_line(error)
        if name is not None and not isinstance(error, SafetensorError | OSError):
            raise SafeFileError(
                f"tensor {name!r} is of a type that cannot be read ({reason})"
            ) from error
        raise SafeFileError(f"not a safetensors file ({reason})") from error
