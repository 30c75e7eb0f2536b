"""`jcarsr push`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from jcarsr.cli.options import printable, usage_errors
from jcarsr.cli.shell import say
from jcarsr.errors import DataError
from jcarsr.hub.library import why_no_name
from jcarsr.weights import find, read_record


def push(
    run: Annotated[
        str,
        typer.Argument(
            metavar="RUN", help="A training run's folder, a weight file, or bundled weights."
        ),
    ],
    repo: Annotated[
        str, typer.Argument(metavar="OWNER/NAME", help="The repository; made if it is not there.")
    ],
    rows: Annotated[
        list[Path] | None,
        typer.Option(
            metavar="FILE",
            help="Rows of `jcarsr evaluate --json`, for the card's scores; may be repeated. "
            "(default: the scores in the weight file)",
        ),
    ] = None,
    licence: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help="The hub's name of the licence: apache-2.0. (default: as the weight file says)",
        ),
    ] = None,
    private: Annotated[
        bool, typer.Option("--private", help="A repository that is made is private.")
    ] = False,
) -> None:
    """Upload weights to the Hugging Face Hub, with their graphs and a model card.

    `Restorer.from_pretrained("owner/name")` takes them from there.
    The token is that of `hf auth login` or HF_TOKEN.
    """
    with usage_errors():
        if reason := why_no_name(repo):
            raise ValueError(reason)
    folder = Path(run)
    weights = folder / "weights.safetensors" if folder.is_dir() else find(run)
    scores = None if not rows else _scores(rows, read_record(weights).sha256, weights)
    from jcarsr.hub.push import push as upload

    pushed = upload(weights, repo, scores=scores, licence=licence, private=private)
    if not pushed.graphs:
        typer.echo("note: without graphs it runs in PyTorch alone: jcarsr export", err=True)
    say(printable(pushed.url))


def _scores(files: list[Path], sha256: str, weights: Path) -> dict[str, tuple[float, float]]:
    """PSNR and SSIM of these weights by condition, run once a picture.

    Raises:
        DataError: a file cannot be read, or no row is of these weights.
    """
    from jcarsr.evaluation.rows import read_rows

    name = read_record(weights).name
    found = {
        row.condition: (row.psnr, row.ssim)
        for row in read_rows(files)
        if row.sha256 == sha256 and row.restorer == name
    }
    if not found:
        raise DataError(f"{', '.join(map(str, files))}: no row of {weights}")
    return found
