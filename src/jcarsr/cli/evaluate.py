"""`jcarsr evaluate` and `jcarsr tables`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeAlias

import typer
from rich.console import Console
from rich.progress import Progress, TaskID

from jcarsr.cli.options import (
    EngineOption,
    EnsembleOption,
    OneDeviceOption,
    PrecisionOption,
    ThreadsOption,
)
from jcarsr.cli.shell import say
from jcarsr.cli.text import printable
from jcarsr.cli.values import engine_options, parse_qfs, usage_errors
from jcarsr.engines.device_names import parse_device
from jcarsr.errors import DataError
from jcarsr.jpeg.codec import Subsampling
from jcarsr.progress import OnProgress
from jcarsr.protocols import Scale

if TYPE_CHECKING:
    from jcarsr.degradation.history import History
    from jcarsr.evaluation.no_originals import NaturalnessRow
    from jcarsr.evaluation.rows import Row
    from jcarsr.methods.method import Method

_Labels: TypeAlias = dict[tuple[str, str | None], str]
"""Name and hash of a method -> what it is called in a table."""


def evaluate(
    data: Annotated[list[Path], typer.Option(help="Folder of original pictures; repeatable.")],
    scale: Annotated[Scale, typer.Option(help="Enlarge by this; 1 only removes artifacts.")],
    qf: Annotated[
        str | None,
        typer.Option(
            help="Saved once at these JPEG qualities, with commas between. "
            "(default: 10,20,30,40,80, or none with --history)"
        ),
    ] = None,
    history: Annotated[
        list[str] | None,
        typer.Option(
            help="web: the fixed histories of pictures from the web; "
            "or one history, such as jpeg20+4,4>jpeg90; repeatable."
        ),
    ] = None,
    weights: Annotated[
        list[str] | None,
        typer.Option(
            help="Bundled weights, a file, bicubic, auto (chosen for each picture), or one after "
            "the other: chain:FIRST+SECOND; repeatable. "
            "(default: bicubic and the bundled weights for the scale)"
        ),
    ] = None,
    subsampling: Annotated[
        Subsampling | None, typer.Option(help="Of the JPEGs saved once. (default: 4:2:0)")
    ] = None,
    engine: EngineOption = "auto",
    device: OneDeviceOption = "auto",
    precision: PrecisionOption = "float32",
    threads: ThreadsOption = None,
    ensemble: EnsembleOption = False,
    no_originals: Annotated[
        bool,
        typer.Option(
            "--no-originals",
            help="The pictures have none: restore them as they are, print NIQE alone. "
            "(default --weights: bicubic and auto)",
        ),
    ] = False,
    niqe: Annotated[
        bool,
        typer.Option(help="NIQE of the results, too: how natural they look, lower is better."),
    ] = False,
    json: Annotated[
        Path | None, typer.Option(help="Append the rows to this file, one JSON line each.")
    ] = None,
) -> None:
    """Degrade pictures, restore them, print PSNR / SSIM next to the paper's numbers.

    With --no-originals: pictures that are degraded already, by NIQE.
    """
    from jcarsr.evaluation.rows import write_rows
    from jcarsr.evaluation.run import evaluate as run
    from jcarsr.evaluation.tables import tables
    from jcarsr.methods.catalog import Context, find_method
    from jcarsr.weights import default_name

    with usage_errors():
        if no_originals:
            _refuse_histories(qf=qf, history=history, subsampling=subsampling)
        histories = _histories(qf, history or [], subsampling or "4:2:0", scale)
        options = engine_options(engine, parse_device(device), precision, threads)
        context = Context(scale=scale, options=options, ensemble=ensemble, in_tiles=no_originals)
        ours = "auto" if no_originals else default_name(max(scale, 2))
        names = weights or ["bicubic", ours]
        methods = [find_method(name, context) for name in names]
    if json:
        write_rows([], json)  # before hours of work it is seen whether rows can be stored
    if no_originals:
        _score_naturalness(methods, names, data, scale, json)
        return
    rows: list[Row] = []
    for folder, name, on_progress in _show_progress(data):
        for row in run(
            methods,
            folder,
            scale=scale,
            histories=histories,
            with_niqe=niqe,
            name=name,
            on_progress=on_progress,
        ):
            rows.append(row)
            if json:
                write_rows([row], json)
    labels = _labels(methods, names)
    say(tables([replace(row, restorer=_label(row, labels)) for row in rows]))


def _show_progress(folders: Sequence[Path]) -> Iterator[tuple[Path, str, OnProgress]]:
    """Give each folder, its name and what to call while it is worked on; a terminal shows a bar."""
    from jcarsr.evaluation.set_names import set_names

    console = Console(stderr=True)
    with Progress(console=console, transient=True, disable=not console.is_terminal) as progress:
        for folder, name in zip(folders, set_names(folders), strict=True):
            task = progress.add_task(name, total=None)

            def on_progress(done: int, total: int, task: TaskID = task) -> None:
                progress.update(task, completed=done, total=total)

            yield folder, name, on_progress


def _refuse_histories(**options: object) -> None:
    """Refuse options that say how originals are degraded.

    Raises:
        ValueError: one is given.
    """
    for option, value in options.items():
        if value:
            raise ValueError(f"--{option}: with --no-originals pictures are restored as they are")


def _score_naturalness(
    methods: Sequence[Method],
    names: Sequence[str],
    data: Sequence[Path],
    scale: Scale,
    json: Path | None,
) -> None:
    """Print NIQE of pictures without originals, and append its rows to `json`."""
    from jcarsr.evaluation.no_originals import naturalness_table, score_naturalness
    from jcarsr.evaluation.rows import write_rows

    rows: list[NaturalnessRow] = []
    for folder, name, on_progress in _show_progress(data):
        found = score_naturalness(methods, folder, scale=scale, name=name, on_progress=on_progress)
        rows += found
        if json:
            write_rows(found, json)
    labels = _labels(methods, names)
    say(naturalness_table([replace(row, restorer=_label(row, labels)) for row in rows]))


def _labels(methods: Sequence[Method], names: Sequence[str]) -> _Labels:
    """What tells methods of one name apart in a table: as each was asked for.

    Weights that were trained on have the name of those they began as, unless they got another one.
    """
    hashes: dict[str, set[str | None]] = {}
    for method in methods:
        hashes.setdefault(method.name, set()).add(method.sha256)
    return {
        (method.name, method.sha256): f"{method.name} ({printable(name)})"
        for method, name in zip(methods, names, strict=True)
        if len(hashes[method.name]) > 1 and name != method.name
    }


def _label(row: Row | NaturalnessRow, labels: _Labels) -> str:
    """What a row's restorer is called in a table."""
    return labels.get((row.restorer, row.sha256), row.restorer)


def tables(
    rows: Annotated[list[Path], typer.Argument(help="Files written by `evaluate --json`.")],
    into: Annotated[
        Path | None, typer.Option(help="Markdown file whose results part is replaced.")
    ] = None,
    set: Annotated[
        list[str] | None, typer.Option(help="Of this set alone; repeatable. (default: all)")
    ] = None,
    scale: Annotated[Scale | None, typer.Option(help="At this scale alone. (default: all)")] = None,
    restorer: Annotated[
        list[str] | None, typer.Option(help="Of this one alone; repeatable. (default: all)")
    ] = None,
    history: Annotated[
        list[str] | None,
        typer.Option(
            help="Of this history alone, web for the fixed ones; repeatable. (default: all)"
        ),
    ] = None,
) -> None:
    """Make the results tables from stored rows."""
    from jcarsr.degradation.web_set import parse_histories
    from jcarsr.evaluation.markers import replace_between_markers
    from jcarsr.evaluation.rows import read_rows
    from jcarsr.evaluation.tables import tables as make

    with usage_errors():
        histories = [str(found) for found in parse_histories(history or [])]
    chosen = [
        row
        for row in read_rows(rows)
        if (not set or row.set in set) and (scale is None or row.scale == scale)
        if (not restorer or row.restorer in restorer)
        if (not histories or row.history in histories)
    ]
    if not chosen:
        asked = {"--set": set, "--scale": scale and [scale], "--restorer": restorer}
        asked["--history"] = history
        words = [f"{option} {value}" for option, values in asked.items() for value in values or ()]
        files = ", ".join(map(str, rows))
        raise DataError(f"{files}: no row" + (f" of {' '.join(words)}" if words else ""))
    text = make(chosen)
    if into:
        replace_between_markers(into, text)
    else:
        say(text)


def _histories(
    qf: str | None, words: list[str], subsampling: Subsampling, scale: Scale
) -> list[History]:
    """The saves at `qf` first, then the histories named by `words`."""
    from jcarsr.degradation.history import History
    from jcarsr.degradation.steps import Jpeg
    from jcarsr.degradation.web_set import parse_histories

    if qf is None:
        qf = "" if words else "10,20,30,40,80"
    qfs = parse_qfs(qf) if qf else ()
    once = [History((Jpeg(qf=value, subsampling=subsampling),)) for value in qfs]
    return once + parse_histories(words, scale)
