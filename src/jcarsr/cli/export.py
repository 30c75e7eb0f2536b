"""`jcarsr export`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from jcarsr.cli.choices import printable, usage_errors
from jcarsr.cli.shell import cleared_away_after_signals, say
from jcarsr.errors import JCARSRError
from jcarsr.weights import find


def export(
    weights: Annotated[str, typer.Argument(help="A weight file, or bundled weights.")],
    out: Annotated[
        Path | None,
        typer.Option(
            "-o", "--out", help="Folder for the graphs and a copy. (default: the file's own)"
        ),
    ] = None,
    format: Annotated[str, typer.Option(help="onnx")] = "onnx",
    int8: Annotated[
        bool, typer.Option("--int8", help="Also write graphs for --precision int8.")
    ] = False,
    calibration: Annotated[
        Path | None,
        typer.Option(help="With --int8: folder of JPEGs such as are to be restored."),
    ] = None,
) -> None:
    """Write a weight file's graphs, with which it runs without PyTorch.

    A graph points into the weight file, of which it holds but little itself:
    keep them together.
    Each is compared with PyTorch before it is kept.
    """
    with usage_errors():
        if format != "onnx":
            raise ValueError(f"--format {format}: not onnx")
        if int8 != (calibration is not None):
            raise ValueError("--int8 and --calibration belong together")
    path = find(weights)
    from jcarsr.export.int8 import patches
    from jcarsr.export.write import export as run

    inputs = [] if calibration is None else patches(calibration)
    try:
        with cleared_away_after_signals():
            run(path, out, inputs, lambda graph: say(printable(graph)))
    except OSError as error:
        raise JCARSRError(f"{out or path.parent}: {error.strerror or error}") from error
