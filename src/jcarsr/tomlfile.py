"""TOML files that users write: read within bounds, refused in one line."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

_MAX_BYTES = 2**20
_NAMES = {bool: "true or false", int: "a whole number", float: "a number", str: "a text"}


def read_toml(path: Path) -> dict[str, Any]:
    """Return the tables of a file.

    Raises:
        ValueError: it cannot be read, is too large, or is no TOML. One line with the file.
    """
    try:
        with path.open("rb") as file:
            data = file.read(_MAX_BYTES + 1)
        if len(data) > _MAX_BYTES:
            raise ValueError(f"more than {_MAX_BYTES:,} bytes")
        return tomllib.loads(data.decode("utf-8-sig"))
    except OSError as error:
        raise ValueError(f"{path}: {error.strerror or error}") from error
    except RecursionError as error:
        raise ValueError(f"{path}: no TOML that can be read (nested too deeply)") from error
    except ValueError as error:  # not UTF-8, or no TOML
        raise ValueError(f"{path}: no TOML that can be read ({error})") from error


def typed(kind: type[bool | int | float | str], value: Any) -> Any:
    """Return a value of TOML if it is of a kind; whole numbers are numbers (float), too.

    Raises:
        ValueError: it is of another kind; says which it must be of.
    """
    if type(value) is not kind and (kind, type(value)) != (float, int):
        raise ValueError(f"must be {_NAMES[kind]}")
    return value
