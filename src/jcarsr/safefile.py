"""Opening safetensors files with types and one kind of error. No pickle, no PyTorch."""

from __future__ import annotations

import json
import struct
from pathlib import Path
from typing import Any, Literal

from safetensors import SafetensorError, safe_open


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
    with path.open("rb") as file:
        (length,) = struct.unpack("<Q", file.read(8))
        header: dict[str, Any] = json.loads(file.read(length))
    spans = {name: entry["data_offsets"] for name, entry in header.items() if name[0] != "_"}
    return {name: (8 + length + start, stop - start) for name, (start, stop) in spans.items()}


def _read(
    path: Path, framework: str, *, with_tensors: bool
) -> tuple[dict[str, str], dict[str, Any]]:
    try:
        opener: Any = safe_open  # comes without types
        with opener(path, framework=framework) as file:
            names: list[str] = file.keys() if with_tensors else []
            return file.metadata() or {}, {name: file.get_tensor(name) for name in names}
    except FileNotFoundError as error:
        raise SafeFileError("no such file") from error
    except (SafetensorError, OSError) as error:
        raise SafeFileError(f"not a safetensors file ({error})") from error
