"""`jcarsr restore`."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeRemainingColumn,
)

from jcarsr import image
from jcarsr.batch.ledger import Ledger
from jcarsr.batch.plan import DEFAULT_NAME, Job, Plan, plan_jobs
from jcarsr.batch.settings import Settings
from jcarsr.cli.choices import (
    AnyScale,
    Device,
    DeviceOption,
    EngineName,
    EngineOption,
    EnsembleOption,
    Precision,
    PrecisionOption,
    ThreadsOption,
    engine_options,
    parse_bytes,
    shown,
    usage_errors,
)
from jcarsr.errors import JCARSRError
from jcarsr.inference.networks import Networks
from jcarsr.inference.restorer import DEFAULT_TILE
from jcarsr.inference.target import Target
from jcarsr.partfile import remove_dead_parts

if TYPE_CHECKING:
    from jcarsr.batch.worker import Outcome

_SIZE, _FILES, _LIMITS = "Size of the result", "Files", "Difficult inputs and limits"


def restore(
    inputs: Annotated[list[Path], typer.Argument(help="Pictures and folders of pictures.")],
    out: Annotated[
        Path, typer.Option("-o", "--out", help="Folder, or file name for a single input.")
    ],
    scale: Annotated[
        AnyScale | None,
        typer.Option(
            help="1 only removes artifacts. (default: 2, or that of --weights)",
            rich_help_panel=_SIZE,
        ),
    ] = None,
    width: Annotated[
        int | None, typer.Option(help="Exactly so many pixels wide.", rich_help_panel=_SIZE)
    ] = None,
    height: Annotated[
        int | None, typer.Option(help="Exactly so many pixels high.", rich_help_panel=_SIZE)
    ] = None,
    max_side: Annotated[
        int | None, typer.Option(help="The longer side, exactly.", rich_help_panel=_SIZE)
    ] = None,
    min_side: Annotated[
        int | None, typer.Option(help="The shorter side, exactly.", rich_help_panel=_SIZE)
    ] = None,
    weights: Annotated[
        str | None, typer.Option(help="Bundled weights (see `jcarsr weights`) or a file.")
    ] = None,
    engine: EngineOption = EngineName.auto,
    device: DeviceOption = Device.auto,
    precision: PrecisionOption = Precision.auto,
    threads: ThreadsOption = None,
    ensemble: EnsembleOption = False,
    name: Annotated[
        str,
        typer.Option(
            help="Result's name without extension, from {stem}, {suffix} and {size} (x2, say).",
            rich_help_panel=_FILES,
        ),
    ] = DEFAULT_NAME,
    format: Annotated[
        str | None,
        typer.Option(help=f"{'|'.join(image.FORMATS)}  (default: png)", rich_help_panel=_FILES),
    ] = None,
    quality: Annotated[
        int, typer.Option(help="Of jpg (at 4:4:4), webp and avif.", rich_help_panel=_FILES)
    ] = 95,
    strip_metadata: Annotated[
        bool,
        typer.Option(
            "--strip-metadata",
            help="Keep no EXIF, XMP or resolution; the colour profile stays.",
            rich_help_panel=_FILES,
        ),
    ] = False,
    overwrite: Annotated[
        bool,
        typer.Option(
            "--overwrite",
            help="Replace results that are there and not from an earlier run.",
            rich_help_panel=_FILES,
        ),
    ] = False,
    save_gradient: Annotated[
        bool,
        typer.Option(
            "--save-gradient",
            help="Also write the gradient branch's map, as NAME.gradient.png.",
            rich_help_panel=_FILES,
        ),
    ] = False,
    salvage: Annotated[
        bool,
        typer.Option(
            "--salvage",
            help="Restore what decodes of truncated files.",
            rich_help_panel=_LIMITS,
        ),
    ] = False,
    first_frame: Annotated[
        bool,
        typer.Option(
            "--first-frame",
            help="Of animations and files of several pages, restore only the first.",
            rich_help_panel=_LIMITS,
        ),
    ] = False,
    max_pixels: Annotated[
        int,
        typer.Option(
            help="Refuse inputs with more, all frames together, as bombs.",
            rich_help_panel=_LIMITS,
        ),
    ] = image.MAX_PIXELS,
    max_memory: Annotated[
        str,
        typer.Option(
            help="For one picture, beside the weights: tiles are made smaller to keep it.",
            rich_help_panel=_LIMITS,
        ),
    ] = "3G",
    tile: Annotated[
        int,
        typer.Option(
            help="Input pixels seen at once along each side; 0 = the whole picture.",
            rich_help_panel=_LIMITS,
        ),
    ] = DEFAULT_TILE,
    as_json: Annotated[
        bool, typer.Option("--json", help="One JSON line a file on standard output.")
    ] = False,
) -> None:
    """Remove JPEG artifacts from pictures and enlarge them.

    Results in a folder are entered in its ledger (jcarsr-ledger.sqlite3): run the same command
    again to go on, or to restore only what is new or has changed.
    """
    with usage_errors():
        if format is not None and format not in image.FORMATS:
            raise ValueError(f"--format {format}: not one of {', '.join(image.FORMATS)}")
        if max_pixels < 1:
            raise ValueError(f"--max-pixels {max_pixels}: at least 1")
        image.limit_pillow(max_pixels)
        networks = Networks(
            weights,
            engine_options(engine, device, precision, threads),
            tile=tile or None,
            max_memory=parse_bytes(max_memory),
            ensemble=ensemble,
        )
        target = _target(networks, weights, scale, width, height, max_side, min_side)
        settings = Settings(
            target=target,
            read=image.ReadOptions(max_pixels=max_pixels, salvage=salvage, first_frame=first_frame),
            save=image.SaveOptions(quality=quality, strip_metadata=strip_metadata),
            tile=tile or None,
            gradient=save_gradient,
            ensemble=ensemble,
        )
        plan = plan_jobs(
            inputs, out, size=target.label, format=format, name=name, gradient=save_gradient
        )
        networks.check_device()
    if not _run(plan, networks, settings, overwrite=overwrite, as_json=as_json):
        raise typer.Exit(1)


def _target(
    networks: Networks,
    weights: str | None,
    scale: AnyScale | None,
    width: int | None,
    height: int | None,
    max_side: int | None,
    min_side: int | None,
) -> Target:
    """The size asked for; without any, what the weights do."""
    factor = None if scale is None else int(scale)
    if factor is None and (width, height, max_side, min_side) == (None,) * 4:
        factor = 2 if weights is None else networks.scales[-1]
    if factor is not None and factor not in networks.scales:
        raise ValueError(f"--scale {factor}: {weights} enlarges by {networks.scales[-1]}")
    return Target(scale=factor, width=width, height=height, max_side=max_side, min_side=min_side)


def _run(
    plan: Plan, networks: Networks, settings: Settings, *, overwrite: bool, as_json: bool
) -> bool:
    """Do every job and tell of it; True if every input has its result now."""
    from jcarsr.batch.pipeline import run_jobs
    from jcarsr.batch.worker import Worker

    report = _Report(len(plan.jobs), as_json)
    with ExitStack() as stack:
        ledger = None if plan.folder is None else stack.enter_context(Ledger(plan.folder))
        if ledger is None:  # the result was given by its name
            for job in plan.jobs:
                if isinstance(job, Job):
                    remove_dead_parts(job.target.parent)
        worker = Worker(networks, settings, ledger, overwrite=overwrite)
        stack.enter_context(report)
        try:
            for outcome in run_jobs(worker, plan.jobs, report.on_tile):
                report.tell(outcome)
        except JCARSRError as error:  # the disk is full, the ledger cannot be written
            report.stopped(str(error))
    return report.summary()


class _Report:
    """Tells of every file, on the terminal and as JSON, and counts."""

    def __init__(self, total: int, as_json: bool) -> None:
        self._total, self._as_json = total, as_json
        self._counts = {"done": 0, "skipped": 0, "failed": 0}
        self._failures: list[str] = []
        self._megapixels = 0.0
        self._console = Console(stderr=True, highlight=False, markup=False, soft_wrap=True)
        self._progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.fields[rate]}"),
            TimeRemainingColumn(),
            console=self._console,
            transient=True,
            disable=not self._console.is_terminal,
        )
        self._files: TaskID = self._progress.add_task("pictures", total=total, rate="")
        self._tiles: TaskID = self._progress.add_task("tiles", total=None, rate="")
        self.on_tile: Callable[[int, int], None] = self._on_tile

    def __enter__(self) -> _Report:
        self._progress.start()
        return self

    def __exit__(self, *exc: object) -> None:
        self._progress.stop()

    def tell(self, outcome: Outcome) -> None:
        """One file is finished with."""
        self._counts[outcome.state] += 1
        source = shown(outcome.source)
        if outcome.error is not None:
            self._failures.append(f"{source}: {outcome.error}")
            self._console.print(f"error: {source}: {outcome.error}")
        elif outcome.state == "done" and outcome.target is not None:
            self._console.print(f"{source} -> {shown(outcome.target)}")
        for note in outcome.notes:
            self._console.print(f"note: {source}: {note}")
        if outcome.size is not None:
            self._megapixels += outcome.size[0] * outcome.size[1] / 1e6
        if self._as_json:
            typer.echo(json.dumps(_as_dictionary(outcome)))
        elapsed = self._progress.tasks[0].elapsed
        rate = f"{self._megapixels / elapsed:.2f} MP/s" if elapsed else ""
        self._progress.update(self._files, advance=1, rate=rate)

    def stopped(self, reason: str) -> None:
        """The run cannot go on."""
        self._failures.append(reason)
        self._console.print(f"error: {reason}")

    def summary(self) -> bool:
        """The last lines; True if every input has its result."""
        left = self._total - sum(self._counts.values())
        if self._total > 1 or left or self._counts["skipped"]:
            parts = [f"{self._counts['done']} restored"]
            parts += [f"{self._counts['skipped']} unchanged"] if self._counts["skipped"] else []
            parts += [f"{self._counts['failed']} failed"] if self._counts["failed"] else []
            parts += [f"{left} not tried"] if left else []
            self._console.print(f"{', '.join(parts)}, of {self._total}")
            if len(self._failures) > 1:
                self._console.print("failed:")
                for failure in self._failures:
                    self._console.print(f"  {failure}")
        return not self._failures and not left

    def _on_tile(self, done: int, total: int) -> None:
        self._progress.update(self._tiles, completed=done, total=total)


def _as_dictionary(outcome: Outcome) -> dict[str, object]:
    said = {name: value for name, value in vars(outcome).items() if value not in (None, ())}
    return {name: str(v) if isinstance(v, Path) else v for name, v in said.items()}
