"""`jcarsr evaluate` and `jcarsr tables`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import Progress

from jcarsr.cli.choices import Device, Scale, usage_errors

BICUBIC = "bicubic"


def evaluate(
    data: Annotated[list[Path], typer.Option(help="Folder of original pictures; repeatable.")],
    scale: Annotated[Scale, typer.Option(help="Enlarge by this.")],
    qf: Annotated[
        str, typer.Option(help="JPEG quality factors, with commas between.")
    ] = "10,20,30,40,80",
    weights: Annotated[
        list[str] | None,
        typer.Option(
            help="Bundled weights, a file, or bicubic; repeatable. "
            "[default: bicubic and the bundled weights for the scale]"
        ),
    ] = None,
    subsampling: Annotated[str, typer.Option(help="4:2:0|4:2:2|4:4:4")] = "4:2:0",
    device: Annotated[Device, typer.Option(help="auto takes a GPU if there is one.")] = Device.auto,
    json: Annotated[
        Path | None, typer.Option(help="Append the rows to this file, one JSON line each.")
    ] = None,
) -> None:
    """Degrade pictures, restore them, print PSNR / SSIM beside the paper's numbers."""
    from jcarsr import weights as weight_files
    from jcarsr.api import load
    from jcarsr.baselines.bicubic import Bicubic
    from jcarsr.evaluation.rows import Row, write_rows
    from jcarsr.evaluation.run import Contestant
    from jcarsr.evaluation.run import evaluate as run
    from jcarsr.evaluation.tables import tables

    factor = int(scale)

    def contestant(name: str) -> Contestant:
        if name == BICUBIC:
            return Contestant(name, Bicubic(factor))
        record = weight_files.read_record(weight_files.find(name))
        restorer = load(name, device=device.value, tile=None)
        return Contestant(record.name, restorer, record.sha256)

    with usage_errors():
        qfs = _quality_factors(qf)
        if subsampling not in ("4:2:0", "4:2:2", "4:4:4"):
            raise ValueError(f"--subsampling {subsampling}: not one of 4:2:0, 4:2:2, 4:4:4")
        names = weights or [BICUBIC, weight_files.default_name(factor)]
        contestants = [contestant(name) for name in names]
        rows: list[Row] = []
        with Progress(console=Console(stderr=True), transient=True) as progress:
            for folder in data:
                task = progress.add_task(folder.name, total=None)

                def on_progress(done: int, total: int, task: object = task) -> None:
                    progress.update(task, completed=done, total=total)  # pyright: ignore[reportArgumentType]

                for row in run(
                    contestants,
                    folder,
                    scale=factor,
                    qfs=qfs,
                    subsampling=subsampling,
                    on_progress=on_progress,
                ):
                    rows.append(row)
                    if json:
                        write_rows([row], json)
    typer.echo(tables(rows))


def tables(
    rows: Annotated[list[Path], typer.Argument(help="Files written by `evaluate --json`.")],
    into: Annotated[
        Path | None, typer.Option(help="Markdown file whose results part is replaced.")
    ] = None,
) -> None:
    """Make the results tables from stored rows."""
    from jcarsr.evaluation.rows import read_rows
    from jcarsr.evaluation.tables import replace_between_markers
    from jcarsr.evaluation.tables import tables as make

    text = make(read_rows(rows))
    if into:
        replace_between_markers(into, text)
    else:
        typer.echo(text)


def _quality_factors(text: str) -> list[int]:
    try:
        qfs = [int(part) for part in text.split(",")]
    except ValueError as error:
        raise ValueError(f"--qf {text}: numbers with commas between, such as 10,40") from error
    if not all(1 <= value <= 100 for value in qfs):
        raise ValueError(f"--qf {text}: quality factors lie between 1 and 100")
    return qfs
