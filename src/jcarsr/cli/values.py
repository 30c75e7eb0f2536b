"""What the values of options mean, and the errors for wrong ones."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from typing import Any

import typer

from jcarsr import image
from jcarsr.cli.text import on_one_line
from jcarsr.engines.base import EngineOptions
from jcarsr.engines.device_names import NamedDevice
from jcarsr.errors import with_options
from jcarsr.protocols import EngineName, Precision, Scale
from jcarsr.restoring.networks import Networks
from jcarsr.restoring.target import Target

_UNITS = {"K": 2**10, "M": 2**20, "G": 2**30}  # of bytes
DAY = 86_400
"""Seconds: the longest time that an option may ask for."""


def parse_format(text: str) -> str:
    """Return the name of --format among `image.FORMATS`.

    Raises:
        ValueError: no such format.
    """
    name = image.format_named(text)
    if name is None:
        raise ValueError(f"--format {text}: not one of {', '.join(image.FORMATS)}")
    return name


def make_target(
    weights: Networks,
    scale: Scale | None,
    *,
    width: int | None,
    height: int | None,
    long_side: int | None,
    short_side: int | None,
) -> Target:
    """Return the size that the five options ask for; without any, what the weights do.

    Raises:
        ValueError: they contradict each other, or are no sizes.
    """
    sizes = {"width": width, "height": height, "long_side": long_side, "short_side": short_side}
    asked = scale is not None or all(size is None for size in sizes.values())
    return Target(scale=weights.asked_scale(scale) if asked else None, **sizes)


def check_decode_timeout(seconds: float) -> None:
    """Refuse what is no time.

    Raises:
        ValueError: it is not positive, or longer than a day.
    """
    if not 0 < seconds <= DAY:
        raise ValueError(f"--decode-timeout {seconds:g}: more than 0 and at most {DAY} seconds")


def check_share(option: str, value: float) -> None:
    """Refuse what is no share.

    Raises:
        ValueError: it is not from 0 to 1.
    """
    if not 0 <= value <= 1:
        raise ValueError(f"{option} {value:g}: from 0 to 1")


def engine_options(
    engine: EngineName,
    device: NamedDevice,
    precision: Precision,
    threads: int | None,
) -> EngineOptions:
    """The four options in one."""
    return EngineOptions(
        engine=engine, device=device.kind, gpu=device.gpu, precision=precision, threads=threads
    )


def parse_qfs(text: str) -> tuple[int, ...]:
    """The value of --qf.

    Raises:
        ValueError: it is no list of quality factors.

    >>> parse_qfs("10,40")
    (10, 40)
    """
    try:
        qfs = tuple(int(part) for part in text.split(","))
    except ValueError as error:
        raise ValueError(f"--qf {text}: numbers with commas between, such as 10,40") from error
    if not all(1 <= value <= 100 for value in qfs):
        raise ValueError(f"--qf {text}: quality factors lie between 1 and 100")
    return qfs


def as_option(count: int) -> str:
    """Return a size in bytes as `parse_bytes` reads it.

    >>> as_option(32 * 2**20), as_option(3 * 2**30)
    ('32M', '3G')
    """
    unit = next(name for name, size in reversed(_UNITS.items()) if count % size == 0)
    return f"{count // _UNITS[unit]}{unit}"


def parse_bytes(text: str) -> int:
    """A size such as 800M or 3G (of 1024) in bytes.

    Raises:
        ValueError: it is no such size.

    >>> parse_bytes("1.5G") == 1536 * 2**20
    True
    """
    try:
        size = int(float(text.strip()[:-1]) * _UNITS[text.strip()[-1:].upper()])
    except (KeyError, ValueError, OverflowError) as error:
        raise ValueError(f"{text!r} is no size of memory: 800M or 3G, for example") from error
    if size <= 0:
        raise ValueError(f"{text!r} is no size of memory: it must be positive")
    return size


def typed_options(ctx: typer.Context) -> list[str]:
    """Return the options that were typed, by their first names."""
    params: list[Any] = list(ctx.command.params)
    sources = {param.opts[0]: ctx.get_parameter_source(param.name) for param in params}
    typed = [name for name, source in sources.items() if source and source.name == "COMMANDLINE"]
    return [name for name in typed if name.startswith("-")]


@contextmanager
def usage_errors() -> Generator[None]:
    """A ValueError is about the value of an option: exit code 2 and one line."""
    try:
        yield
    except ValueError as error:
        typer.echo(f"error: {on_one_line(with_options(str(error)))}", err=True)
        raise typer.Exit(2) from error
