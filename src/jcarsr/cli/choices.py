"""Options that several subcommands share, and how wrong ones are told."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import Annotated, TypeAlias

import typer

from jcarsr.inference.engine import EngineOptions

_HOW = "How it is computed"
_DAY = 86_400  # seconds


class EngineName(StrEnum):
    """The library that computes."""

    auto = "auto"
    onnx = "onnx"
    openvino = "openvino"
    torch = "torch"


class Device(StrEnum):
    """Where it computes."""

    auto = "auto"
    cpu = "cpu"
    cuda = "cuda"
    mps = "mps"


class Precision(StrEnum):
    """In what it computes."""

    auto = "auto"
    float32 = "float32"
    bfloat16 = "bfloat16"
    int8 = "int8"


EngineOption: TypeAlias = Annotated[
    EngineName,
    typer.Option(
        metavar="NAME",
        help="auto, onnx, openvino or torch. auto is torch if it has a GPU, else openvino "
        "if the CPU has bfloat16, else onnx.",
        rich_help_panel=_HOW,
    ),
]
DeviceOption: TypeAlias = Annotated[
    Device,
    typer.Option(
        metavar="NAME",
        help="auto, cpu, cuda or mps. auto takes a GPU if there is one.",
        rich_help_panel=_HOW,
    ),
]
PrecisionOption: TypeAlias = Annotated[
    Precision,
    typer.Option(
        metavar="NAME",
        help="auto, float32, bfloat16 or int8. auto is bfloat16 where that is quicker, "
        "within a level of float32.",
        rich_help_panel=_HOW,
    ),
]
ThreadsOption: TypeAlias = Annotated[
    int | None, typer.Option(help="Of the CPU. (default: one a core)", rich_help_panel=_HOW)
]

EnsembleOption: TypeAlias = Annotated[
    bool,
    typer.Option(
        "--ensemble",
        help="Mean of eight runs, turned and mirrored: a little better, eight times slower.",
        rich_help_panel=_HOW,
    ),
]


DecodeTimeoutOption: TypeAlias = Annotated[
    float,
    typer.Option(
        metavar="SECONDS",
        help="Refuse files that take longer to decode.",
        rich_help_panel="Difficult inputs and limits",
    ),
]


def check_decode_timeout(seconds: float) -> None:
    """Refuse what is no time.

    Raises:
        ValueError: it is not positive, or longer than a day.
    """
    if not 0 < seconds <= _DAY:
        raise ValueError(f"--decode-timeout {seconds:g}: more than 0 and at most {_DAY} seconds")


def engine_options(
    engine: EngineName, device: Device, precision: Precision, threads: int | None
) -> EngineOptions:
    """The four options in one."""
    return EngineOptions(
        engine=engine.value, device=device.value, precision=precision.value, threads=threads
    )


class Scale(StrEnum):
    """Output size over input size, where there is super-resolution."""

    x2 = "2"
    x4 = "4"


class AnyScale(StrEnum):
    """Output size over input size; 1 = artifacts are removed and the size stays."""

    x1 = "1"
    x2 = "2"
    x4 = "4"


@contextmanager
def usage_errors() -> Generator[None]:
    """A ValueError is about the value of an option: exit code 2 and one line."""
    try:
        yield
    except ValueError as error:
        typer.echo(f"error: {on_one_line(str(error))}", err=True)
        raise typer.Exit(2) from error


def shown(path: Path | str) -> str:
    """A path on one line, whatever characters its name has."""
    text = str(path)
    return text if text.isprintable() else repr(text)


def on_one_line(text: str) -> str:
    r"""A text with everything that a terminal would not print as a character escaped.

    >>> print(on_one_line("a\nb\x1b[2J"))
    a\nb\x1b[2J
    """
    return "".join(c if c.isprintable() else repr(c)[1:-1] for c in text)


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


def parse_bytes(text: str) -> int:
    """A size such as 800M or 3G (of 1024) in bytes.

    Raises:
        ValueError: it is no such size.

    >>> parse_bytes("1.5G") == 1536 * 2**20
    True
    """
    units = {"K": 2**10, "M": 2**20, "G": 2**30}
    try:
        size = int(float(text.strip()[:-1]) * units[text.strip()[-1:].upper()])
    except (KeyError, ValueError, OverflowError) as error:
        raise ValueError(f"{text!r} is no size of memory: 800M or 3G, for example") from error
    if size <= 0:
        raise ValueError(f"{text!r} is no size of memory: it must be positive")
    return size
