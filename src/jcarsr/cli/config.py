"""Defaults of `jcarsr restore` from a file: jcarsr.toml, or the one that --config names."""

from __future__ import annotations

import difflib
import inspect
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import NoneType
from typing import Any, Literal, cast, get_args, get_origin, get_type_hints

import typer

from jcarsr.cli.checked import CheckedCommand
from jcarsr.cli.text import on_one_line
from jcarsr.cli.values import usage_errors
from jcarsr.tomlfile import read_toml, typed

FILE_NAME = "jcarsr.toml"
"""Read from the current folder, if it is there."""

_SIZES = frozenset({"scale", "width", "height", "long_side", "short_side"})  # one of them at a time
_PATHS = frozenset({"out", "weights", "crisp_weights"})
_ONLY_TYPED = frozenset(  # what may lose something, what names the inputs, and the file itself
    {"overwrite", "adopt", "no_lock", "inputs", "files_from", "null", "shard"}
    | {"config", "profile", "help"}
)

Table = Mapping[str, Any]


@dataclass(frozen=True)
class Option:
    """An option of the command."""

    key: str
    """Its long name without --."""
    kind: Any
    """bool, int, float, str or a Literal of choices."""


@dataclass(frozen=True)
class Config:
    """A file of defaults: names of options, as the command's function has them, and values."""

    path: Path
    restore: Table
    profiles: Mapping[str, Table]

    def defaults(self, profile: str | None) -> dict[str, Any]:
        """Return the values of [restore], changed by those of a profile.

        Raises:
            ValueError: there is no such profile.
        """
        if profile is None:
            return dict(self.restore)
        if profile not in self.profiles:
            known = ", ".join(self.profiles) or "none"
            raise ValueError(f"--profile {profile}: {self.path} has {known}")
        chosen = self.profiles[profile]
        return {**without_sizes(self.restore, chosen), **chosen}


def without_sizes(values: Table, stronger: Table | Sequence[str]) -> dict[str, Any]:
    """Return values without a size where others, which are stronger, name one."""
    named = not _SIZES.isdisjoint(stronger)
    return {name: value for name, value in values.items() if not (named and name in _SIZES)}


def read_config(path: Path, options: Mapping[str, Option]) -> Config:
    """Read and check a whole file of defaults.

    Args:
        path: the file.
        options: the command's options by the name of their parameter.

    Raises:
        ValueError: it cannot be read, is no TOML, or has a key or value that is not known. One
            line with the file and the key.
    """
    tables = read_toml(path)
    restore = _only_restore(path, "", tables, ("profile",))
    profiles = _as_table(path, "profile", tables.get("profile", {}))
    checked = {
        name: _values(
            path,
            f"profile.{name}.restore",
            _only_restore(path, f"profile.{name}", _as_table(path, f"profile.{name}", inner)),
            options,
        )
        for name, inner in profiles.items()
    }
    return Config(path, _values(path, "restore", restore, options), checked)


def _only_restore(path: Path, where: str, table: Table, others: Sequence[str] = ()) -> Any:
    """The `restore` of a table that may have nothing else but `others`."""
    for key in table:
        if key != "restore" and key not in others:
            place = f"{where}.{key}" if where else key
            raise ValueError(
                f"{path}: {place}: not known, there are [restore] and [profile.NAME.restore]"
            )
    return table.get("restore", {})


def _as_table(path: Path, where: str, value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise ValueError(f"{path}: {where}: is no table")
    return cast("dict[str, Any]", value)


def _values(path: Path, where: str, table: Any, options: Mapping[str, Option]) -> dict[str, Any]:
    """A table's values by the names of parameters."""
    by_key = {option.key: name for name, option in options.items() if name not in _ONLY_TYPED}
    found: dict[str, Any] = {}
    for key, value in _as_table(path, where, table).items():
        place = f"{path}: [{where}] {key}"
        if key not in by_key:
            near = difflib.get_close_matches(key.replace("_", "-"), by_key, 1)
            hint = f", {near[0]} is" if near else ""
            if key.replace("-", "_") in _ONLY_TYPED & options.keys():
                hint = ", only on the command line"
            raise ValueError(f"{place}: not an option here{hint}")
        name = by_key[key]
        try:
            found[name] = _value(options[name].kind, value)
        except ValueError as error:
            raise ValueError(f"{place} = {value!r}: {error}") from error
        if name in _PATHS:
            found[name] = os.path.expanduser(found[name])
    if len(_SIZES & found.keys()) > 1:
        keys = " and ".join(name.replace("_", "-") for name in found if name in _SIZES)
        raise ValueError(f"{path}: [{where}] {keys}: one of them at most")
    return found


def _value(kind: Any, value: Any) -> Any:
    """A value as the command line would give it.

    Raises:
        ValueError: it is of another kind than the option's.
    """
    if get_origin(kind) is Literal:
        names = [str(choice) for choice in get_args(kind)]
        if isinstance(value, bool) or str(value) not in names:
            raise ValueError(f"not one of {', '.join(names)}")
        return str(value)
    if kind in (bool, int, float):
        return typed(kind, value)
    text = typed(str, value)
    if not text.isprintable():
        raise ValueError("must be a text")
    if not text:
        raise ValueError("is empty")
    return text


def _kinds(function: Any) -> dict[str, Any]:
    """The types of a function's parameters, of optional ones that which is not None."""
    hints: dict[str, Any] = get_type_hints(inspect.unwrap(function))
    return {
        name: next(kind for kind in get_args(hint) if kind is not NoneType)
        if NoneType in get_args(hint)
        else hint
        for name, hint in hints.items()
    }


class ConfiguredCommand(CheckedCommand):
    """A command whose defaults come from a file; its parameters are `config` and `profile`, too.

    A flag that the file switches on is switched off by `--no-` and its name.
    """

    def make_parser(self, ctx: Any) -> Any:
        """Add `--no-` for every flag that a file may switch on."""
        parser: Any = super().make_parser(ctx)
        for param in cast("Sequence[Any]", self.params):
            if getattr(param, "is_flag", False) and param.name not in _ONLY_TYPED:
                opposite = f"--no-{max(param.opts, key=len).removeprefix('--')}"
                parser.add_option(
                    obj=param, opts=[opposite], dest=param.name, action="store_const", const=False
                )
        return parser

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Take the file's values for options that the arguments do not name."""
        if not ctx.resilient_parsing:
            typed = self.parse_words(ctx, args)
            if not typed.get("help"):
                with usage_errors():
                    ctx.default_map = self._defaults(typed)
        return super().parse_args(ctx, args)

    def _defaults(self, typed: Mapping[str, Any]) -> dict[str, Any]:
        named, profile = typed.get("config"), typed.get("profile")
        path = Path(FILE_NAME) if named is None else Path(named)
        if named is None and not os.path.lexists(path):
            if profile is not None:
                raise ValueError(
                    f"--profile {profile}: there is no {FILE_NAME} in this folder: --config FILE"
                )
            return {}
        if named is None and not path.is_file():  # opening a pipe would wait
            raise ValueError(f"{path}: is no file")
        kinds = _kinds(self.callback)
        options = {
            param.name: Option(max(param.opts, key=len).removeprefix("--"), kinds[param.name])
            for param in cast("Sequence[Any]", self.params)
            if param.param_type_name == "option" and param.name in kinds
        }
        values = read_config(path, options).defaults(profile)
        used = {name: v for name, v in without_sizes(values, typed).items() if name not in typed}
        if used:
            said = ", ".join(f"{options[n].key} = {v}" for n, v in used.items())
            typer.echo(f"note: {on_one_line(f'{path}: {said}')}", err=True)
        return used
