"""`jcarsr convert`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from jcarsr.cli.options import printable, usage_errors
from jcarsr.cli.shell import exit_on_signals, say
from jcarsr.errors import JCARSRError


def convert(
    source: Annotated[
        str,
        typer.Argument(
            metavar="FILE",
            help="The authors' file: .pth, .pt, .safetensors, .mat or .bin (ncnn); or "
            "realesrgan-x4plus, realesrgan-x4plus-anime of the extra realesrgan.",
        ),
    ],
    preset: Annotated[str, typer.Option(help="Their network: a name of `jcarsr presets`.")],
    out: Annotated[Path, typer.Option("-o", "--out", help="The weight file to write.")],
    name: Annotated[
        str | None, typer.Option(help="Of the weights in their record. (default: the preset's)")
    ] = None,
) -> None:
    """Make a weight file of weights that a network's authors published.

    Values are stored as fp16. Files are read without running code that they may hold.
    """
    from jcarsr.convert.run import convert as run

    try:
        with usage_errors(), exit_on_signals():
            run(source, preset, out, name)
    except OSError as error:
        raise JCARSRError(f"{out}: {error.strerror or error}") from error
    say(printable(out))
