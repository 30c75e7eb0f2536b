"""`jcarsr export`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from jcarsr.cli.options import printable, usage_errors
from jcarsr.cli.shell import exit_on_signals, say
from jcarsr.errors import JCARSRError
from jcarsr.weights import find


def export(
    weights: Annotated[str, typer.Argument(help="A weight file, or bundled weights.")],
    out: Annotated[
        Path | None,
        typer.Option(
            "-o",
            "--out",
            help="Folder for the graphs and a copy; with --single, for the file, or the file "
            "itself: ONE.onnx. (default: the weight file's own; with --single, the current one)",
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
    single: Annotated[
        bool,
        typer.Option("--single", help="Write one file with graph and weights, for other programs."),
    ] = False,
    tile: Annotated[
        int | None,
        typer.Option(
            metavar="N",
            help="With --single: the input is N x N pixels, 16 to 1024. (default: any size)",
        ),
    ] = None,
) -> None:
    """Write a weight file's graphs, with which it runs without PyTorch.

    A graph points into the weight file, of which it holds but little itself:
    keep them together.
    Each is compared with PyTorch before it is kept.
    With --single, graph and weights are one file: W.onnx, or W.N.onnx with --tile N.
    """
    with usage_errors():
        if format != "onnx":
            raise ValueError(f"--format {format}: not onnx")
        if single and int8:
            raise ValueError("--single and --int8 do not go together")
        if int8 != (calibration is not None):
            raise ValueError("--int8 and --calibration belong together")
        if tile is not None and not single:
            raise ValueError("--tile needs --single")
    path = find(weights)
    try:
        with exit_on_signals():
            if single:
                _export_single(path, out or Path(), tile)
            else:
                _export_graphs(path, out, calibration)
    except OSError as error:
        place = out or (Path() if single else path.parent)
        raise JCARSRError(f"{place}: {error.strerror or error}") from error


def _export_graphs(weights: Path, out: Path | None, calibration: Path | None) -> None:
    from jcarsr.export.int8 import patches
    from jcarsr.export.write import export as run

    inputs = [] if calibration is None else patches(calibration)
    run(weights, out, inputs, lambda graph: say(printable(graph)))


def _export_single(weights: Path, out: Path, tile: int | None) -> None:
    from jcarsr.export.single import check_tile, export_single, single_path

    with usage_errors():
        check_tile(tile)
    is_file = out.suffix.lower() == ".onnx" and not out.is_dir()
    target = out if is_file else single_path(weights, out, tile)
    say(printable(export_single(weights, target, tile)))
