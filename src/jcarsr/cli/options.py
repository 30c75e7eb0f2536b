"""Options that several subcommands share, and the errors for wrong ones."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, TypeAlias

import typer

from jcarsr import image
from jcarsr.engines.base import EngineOptions
from jcarsr.engines.device_names import NamedDevice
from jcarsr.protocols import Device, EngineName, Precision, Scale
from jcarsr.restoring.networks import Networks
from jcarsr.restoring.target import Target

_HOW, _LOOK, _SIZE = "How it is computed", "How the result looks", "Size of the result"
FILES, LIMITS = "Files", "Difficult inputs and limits"
_UNITS = {"K": 2**10, "M": 2**20, "G": 2**30}  # of bytes
_DAY = 86_400  # seconds


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
OneDeviceOption: TypeAlias = Annotated[
    str,
    typer.Option(
        metavar="NAME",
        help="auto, cpu, cuda, mps, or one GPU: cuda:1. auto takes a GPU if there is one.",
        rich_help_panel=_HOW,
    ),
]
DevicesOption: TypeAlias = Annotated[
    str,
    typer.Option(
        metavar="NAME",
        help="auto, cpu, cuda, mps, or GPUs: cuda:1, or cuda:0,cuda:1 or cuda:all for pictures "
        "at the same time. auto takes a GPU if there is one.",
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
    int | None,
    typer.Option(help="Of the CPU. (default: OMP_NUM_THREADS or one a core)", rich_help_panel=_HOW),
]

EnsembleOption: TypeAlias = Annotated[
    bool,
    typer.Option(
        "--ensemble",
        help="Mean of eight runs, turned and mirrored: a little better, eight times slower.",
        rich_help_panel=_HOW,
    ),
]

WeightsOption: TypeAlias = Annotated[
    str | None, typer.Option(help="Bundled weights (see `jcarsr weights`) or a file.")
]

ScaleOption: TypeAlias = Annotated[
    Scale | None,
    typer.Option(
        help="1 only removes artifacts. (default: 2, or that of --weights)",
        rich_help_panel=_SIZE,
    ),
]
WidthOption: TypeAlias = Annotated[
    int | None, typer.Option(help="Exactly so many pixels wide.", rich_help_panel=_SIZE)
]
HeightOption: TypeAlias = Annotated[
    int | None, typer.Option(help="Exactly so many pixels high.", rich_help_panel=_SIZE)
]
MaxSideOption: TypeAlias = Annotated[
    int | None, typer.Option(help="The longer side, exactly.", rich_help_panel=_SIZE)
]
MinSideOption: TypeAlias = Annotated[
    int | None, typer.Option(help="The shorter side, exactly.", rich_help_panel=_SIZE)
]
StrengthOption: TypeAlias = Annotated[
    float,
    typer.Option(
        metavar="SHARE",
        help="How much is restored: 0 is plain bicubic enlargement, 1 all; between, a mix.",
        rich_help_panel=_LOOK,
    ),
]
CrispOption: TypeAlias = Annotated[
    float,
    typer.Option(
        metavar="SHARE",
        help="How crisp: 0 is the faithful picture, 1 the crisp network's; between, a mix.",
        rich_help_panel=_LOOK,
    ),
]
CrispWeightsOption: TypeAlias = Annotated[
    str | None,
    typer.Option(
        metavar="FILE",
        help="Weights for --crisp. (default: those that are bundled)",
        rich_help_panel=_LOOK,
    ),
]

DecodeTimeoutOption: TypeAlias = Annotated[
    float,
    typer.Option(
        metavar="SECONDS",
        help="Refuse files that take longer to decode.",
        rich_help_panel=LIMITS,
    ),
]
MaxMemoryOption: TypeAlias = Annotated[
    str,
    typer.Option(
        help="For one picture, without the weights: tiles are made smaller to keep it.",
        rich_help_panel=LIMITS,
    ),
]

NameOption: TypeAlias = Annotated[
    str,
    typer.Option(
        help="Result's name without extension, from {stem}, {suffix} and {size} (x2, say).",
        rich_help_panel=FILES,
    ),
]
QualityOption: TypeAlias = Annotated[
    int, typer.Option(help="Of jpg (at 4:4:4), webp and avif.", rich_help_panel=FILES)
]
StripMetadataOption: TypeAlias = Annotated[
    bool,
    typer.Option(
        "--strip-metadata",
        help="Keep no EXIF, XMP or resolution; the colour profile stays.",
        rich_help_panel=FILES,
    ),
]
OverwriteOption: TypeAlias = Annotated[
    bool,
    typer.Option(
        "--overwrite",
        help="Replace results that are there and not from an earlier run.",
        rich_help_panel=FILES,
    ),
]
JsonOption: TypeAlias = Annotated[
    bool, typer.Option("--json", help="One JSON line a file on standard output.")
]


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
    max_side: int | None,
    min_side: int | None,
) -> Target:
    """Return the size that the five options ask for; without any, what the weights do.

    Raises:
        ValueError: they contradict each other, or are no sizes.
    """
    sizes = {"width": width, "height": height, "max_side": max_side, "min_side": min_side}
    asked = scale is not None or all(size is None for size in sizes.values())
    return Target(scale=weights.asked_scale(scale) if asked else None, **sizes)


def check_decode_timeout(seconds: float) -> None:
    """Refuse what is no time.

    Raises:
        ValueError: it is not positive, or longer than a day.
    """
    if not 0 < seconds <= _DAY:
        raise ValueError(f"--decode-timeout {seconds:g}: more than 0 and at most {_DAY} seconds")


def check_share(option: str, value: float) -> None:
    """Refuse what is no share.

    Raises:
        ValueError: it is not from 0 to 1.
    """
    if not 0 <= value <= 1:
        raise ValueError(f"{option} {value:g}: from 0 to 1")


def engine_options(
    engine: EngineName,
    device: Device | NamedDevice,
    precision: Precision,
    threads: int | None,
) -> EngineOptions:
    """The four options in one."""
    gpu = None
    if isinstance(device, NamedDevice):
        device, gpu = device.kind, device.gpu
    return EngineOptions(
        engine=engine, device=device, gpu=gpu, precision=precision, threads=threads
    )


@contextmanager
def usage_errors() -> Generator[None]:
    """A ValueError is about the value of an option: exit code 2 and one line."""
    try:
        yield
    except ValueError as error:
        typer.echo(f"error: {on_one_line(str(error))}", err=True)
        raise typer.Exit(2) from error


def printable(path: Path | str) -> str:
    """Return a path on one line, with any character in its name."""
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
