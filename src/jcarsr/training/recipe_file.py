"""Recipes as TOML files: written as they stand in Python, read with every key and type checked."""

from __future__ import annotations

import difflib
import json
import math
from collections.abc import Mapping
from dataclasses import MISSING, fields, is_dataclass
from pathlib import Path
from types import NoneType, UnionType
from typing import Any, Literal, Union, cast, get_args, get_origin, get_type_hints

from jcarsr.degradation.draw import Clean, Once, Paired, Web
from jcarsr.tomlfile import read_toml, typed
from jcarsr.training.recipes import Recipe
from jcarsr.training.schedule import Cosine, Halving

SUFFIX = ".toml"
"""By which a recipe's file is known from a recipe's name."""

_KIND = "kind"
_KINDS: dict[str, dict[str, type[Any]]] = {
    "histories": {"once": Once, "web": Web, "paired": Paired, "clean": Clean},
    "schedule": {"cosine": Cosine, "halving": Halving},
}
"""Field that is one of several classes -> the word for each of them, in the key `kind`."""


def as_toml(recipe: Recipe) -> str:
    """Return the file of a recipe; `read_recipe` makes an equal one of it.

    What is None is left out, as TOML has no word for it.
    """
    return "\n".join(_lines(recipe, "")).strip() + "\n"


def read_recipe(path: Path) -> Recipe:
    """Return the recipe of a file; keys that are left out have Python's defaults.

    Raises:
        ValueError: it cannot be read, a key is missing or not known, or a value is of another type
            or out of range. One line with the file and the key.
    """
    try:
        recipe: Recipe = _build(Recipe, read_toml(path), f"{path}: ", "")
    except ValueError as error:
        if str(error).startswith(f"{path}: "):
            raise
        raise ValueError(f"{path}: {error}") from error
    return recipe


def _lines(value: Any, where: str) -> list[str]:
    """The lines of a table: its own values first, then the tables in it."""
    own, tables = list[str](), list[str]()
    for field in fields(value):
        inner, name = getattr(value, field.name), f"{where}{field.name}"
        if inner is None:
            continue
        if not is_dataclass(inner):
            own.append(f"{field.name} = {_text(inner)}")
            continue
        tables += ["", f"[{name}]"]
        if field.name in _KINDS:
            words = {kind: word for word, kind in _KINDS[field.name].items()}
            tables.append(f"{_KIND} = {_text(words[type(inner)])}")
        tables += _lines(inner, f"{name}.")
    return own + tables


def _text(value: Any) -> str:
    if isinstance(value, tuple):
        return f"[{', '.join(map(_text, cast('tuple[Any, ...]', value)))}]"
    return json.dumps(value) if isinstance(value, str | bool) else repr(value)


def _build(kind: type[Any], table: Mapping[str, Any], file: str, where: str) -> Any:
    """An object of a dataclass from a table of its fields."""
    hints = get_type_hints(kind)
    for key in table:
        if key not in hints:
            near = difflib.get_close_matches(key, hints, 1)
            hint = f", {near[0]} is" if near else f": there are {', '.join(hints) or 'none'}"
            raise ValueError(f"{file}{where}{key}: not a key here{hint}")
    values = {key: _value(hints[key], value, file, f"{where}{key}") for key, value in table.items()}
    for field in fields(kind):
        required = field.default is MISSING and field.default_factory is MISSING
        if required and field.name not in values:
            raise ValueError(f"{file}{where}{field.name}: is missing")
    try:
        return kind(**values)
    except ValueError as error:
        raise ValueError(f"{file}{where and f'[{where[:-1]}] '}{error}") from error


def _value(hint: Any, value: Any, file: str, where: str) -> Any:
    """A field's value, of the type that it is declared with."""
    if where in _KINDS:
        table = _table(value, file, where)
        kinds = _KINDS[where]
        if table.get(_KIND) not in kinds:
            said = f" = {table[_KIND]!r}" if _KIND in table else ""
            raise ValueError(f"{file}{where}.{_KIND}{said}: must be one of {', '.join(kinds)}")
        rest = {key: inner for key, inner in table.items() if key != _KIND}
        return _build(kinds[table[_KIND]], rest, file, f"{where}.")
    if isinstance(hint, type) and is_dataclass(hint):
        return _build(hint, _table(value, file, where), file, f"{where}.")
    try:
        return _scalar(hint, value)
    except ValueError as error:
        raise ValueError(f"{file}{where} = {value!r}: {error}") from error


def _table(value: Any, file: str, where: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise ValueError(f"{file}{where} = {value!r}: must be a table")
    return cast("dict[str, Any]", value)


def _scalar(hint: Any, value: Any) -> Any:
    """A number, text or list of the declared type.

    Raises:
        ValueError: it is of another one.
    """
    origin, args = get_origin(hint), get_args(hint)
    if origin in (Union, UnionType):
        (hint,) = (arg for arg in args if arg is not NoneType)
        return _scalar(hint, value)
    if origin is Literal:
        if not isinstance(value, str) or value not in args:
            raise ValueError(f"must be one of {', '.join(map(str, args))}")
        return value
    if origin is tuple:
        if not isinstance(value, list):
            raise ValueError("must be a list")
        items = cast("list[Any]", value)
        if args[-1] is not ... and len(items) != len(args):
            raise ValueError(f"must be a list of {len(args)}")
        return tuple(_scalar(args[0], item) for item in items)
    value = typed(hint, value)
    if hint is not float:
        return value
    if not math.isfinite(value):
        raise ValueError("must be finite")
    return float(value)
