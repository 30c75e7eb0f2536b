"""Options that several subcommands share; what their values mean is in `values`."""

from __future__ import annotations

from typing import Annotated, TypeAlias

import typer

from jcarsr.protocols import Device, EngineName, Precision, Scale

_HOW, _LOOK, _SIZE = "How it is computed", "How the result looks", "Size of the result"
FILES, LIMITS = "Files", "Difficult inputs and limits"


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
LongSideOption: TypeAlias = Annotated[
    int | None,
    typer.Option(
        help="The longer side, exactly: no limit, small pictures are enlarged to it.",
        rich_help_panel=_SIZE,
    ),
]
ShortSideOption: TypeAlias = Annotated[
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
        help="Result's name without extension, from {stem}, {suffix}, {parent} (the picture's "
        "folder) and {size} (x2, say).",
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
ShardOption: TypeAlias = Annotated[
    str | None,
    typer.Option(
        metavar="I/N",
        help="Restore only the I-th of N parts of the pictures: other processes or computers "
        "do the others, into the same folder.",
        show_default=False,
    ),
]
OverwriteOption: TypeAlias = Annotated[
    bool,
    typer.Option(
        "--overwrite",
        help="Replace files that no earlier run made, and results of other pictures.",
        rich_help_panel=FILES,
    ),
]
JsonOption: TypeAlias = Annotated[
    bool, typer.Option("--json", help="One JSON line a file on standard output.")
]
