"""`jcarsr restore`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from jcarsr import image
from jcarsr.cli.choices import Device, Scale, usage_errors
from jcarsr.errors import JCARSRError
from jcarsr.inference.jobs import DEFAULT_NAME, Job, Refused, plan_jobs
from jcarsr.inference.restorer import DEFAULT_TILE

if TYPE_CHECKING:
    from jcarsr.inference.restorer import NetworkRestorer


def restore(
    inputs: Annotated[list[Path], typer.Argument(help="Pictures and folders of pictures.")],
    out: Annotated[
        Path, typer.Option("-o", "--out", help="Folder, or file name for a single input.")
    ],
    scale: Annotated[
        Scale | None, typer.Option(help="Enlarge by this. [default: 2, or that of --weights]")
    ] = None,
    weights: Annotated[
        str | None, typer.Option(help="Bundled weights (see `jcarsr weights`) or a file.")
    ] = None,
    device: Annotated[Device, typer.Option(help="auto takes a GPU if there is one.")] = Device.auto,
    tile: Annotated[
        int, typer.Option(help="Input pixels seen at once along each side; 0 = the whole picture.")
    ] = DEFAULT_TILE,
    name: Annotated[
        str,
        typer.Option(help="Result's name without extension, from {stem}, {suffix} and {scale}."),
    ] = DEFAULT_NAME,
    format: Annotated[
        str | None, typer.Option(help=f"{'|'.join(image.FORMATS)}  [default: png]")
    ] = None,
) -> None:
    """Remove JPEG artifacts from pictures and enlarge them."""
    with usage_errors():
        if format is not None and format not in image.FORMATS:
            raise ValueError(f"--format {format}: not one of {', '.join(image.FORMATS)}")
        factor = _scale(scale, weights)
        jobs = plan_jobs(inputs, out, scale=factor, format=format, name=name)
        restorer = _load(weights, factor, device, tile)
    failures = _run(jobs, restorer)
    if failures:
        typer.echo(f"{failures} of {len(jobs)} failed", err=True)
        raise typer.Exit(1)


def _scale(scale: Scale | None, name: str | None) -> int:
    """The scale asked for, which must be that of the weights if both are given."""
    from jcarsr import weights

    if name is None:
        return int(scale or Scale.x2)
    own = weights.read_record(weights.find(name)).config.scale
    if scale is not None and int(scale) != own:
        raise ValueError(f"--scale {scale}: {name} enlarges by {own}")
    return own


def _load(name: str | None, scale: int, device: Device, tile: int) -> NetworkRestorer:
    from jcarsr.api import load

    return load(name, scale=scale, device=device.value, tile=tile or None)


def _run(jobs: list[Job | Refused], restorer: NetworkRestorer) -> int:
    """Do every job; one line for each that fails. Gives the number of failures."""
    failures = 0
    console = Console(stderr=True, highlight=False, markup=False, soft_wrap=True)
    with _progress(console) as progress:
        pictures = progress.add_task("pictures", total=len(jobs))
        tiles = progress.add_task("tiles", total=None)
        for job in jobs:
            try:
                if isinstance(job, Refused):
                    raise JCARSRError(job.reason)

                def on_tile(done: int, total: int) -> None:
                    progress.update(tiles, completed=done, total=total)

                picture = image.decode(job.source)
                sr = restorer.restore(picture.pixels, on_tile)
                result = image.Picture(sr, picture.orientation, picture.icc_profile)
                image.save(result, job.target)
                console.print(f"{_shown(job.source)} -> {_shown(job.target)}")
            except (JCARSRError, MemoryError, RuntimeError) as error:  # torch's memory errors, too
                failures += 1
                reason = (str(error).splitlines() or [type(error).__name__])[0]
                console.print(f"error: {_shown(job.source)}: {reason}")
            progress.advance(pictures)
    return failures


def _progress(console: Console) -> Progress:
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        console=console,
        transient=True,
        disable=not console.is_terminal,
    )


def _shown(path: Path) -> str:
    """A path on one line, whatever characters its name has."""
    text = str(path)
    return text if text.isprintable() else repr(text)
