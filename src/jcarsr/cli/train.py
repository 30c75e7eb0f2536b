"""`jcarsr train`."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn
from rich.progress import TimeRemainingColumn as Eta

from jcarsr.cli.values import parse_qfs, usage_errors
from jcarsr.errors import format_bytes
from jcarsr.protocols import Device, TrainingPrecision
from jcarsr.training.report import Reporter, StepReport

_LOGS = "Logs and checkpoints"


def train(
    recipe: Annotated[
        str, typer.Argument(help="Name of a recipe, see `jcarsr recipes`; or its file, FILE.toml.")
    ],
    out: Annotated[Path, typer.Option(help="Folder for weights, checkpoints and logs.")],
    data: Annotated[
        list[Path] | None, typer.Option(help="Folder or tar of training pictures; repeatable.")
    ] = None,
    pairs: Annotated[
        tuple[Path, Path] | None,
        typer.Option(
            metavar="LQ HR",
            help="Instead of --data: folders or tars of degraded pictures and of their originals, "
            "of the same names.",
        ),
    ] = None,
    max_minutes: Annotated[
        float | None, typer.Option(help="Budget in the loop, over all resumptions.")
    ] = None,
    max_steps: Annotated[int | None, typer.Option(help="Budget. (default: the recipe's)")] = None,
    resume: Annotated[
        bool, typer.Option(help="Go on from the newest checkpoint in --out.")
    ] = False,
    init: Annotated[
        list[str] | None,
        typer.Option(
            help="Weights to start from, where names and shapes agree; repeatable, the last wins."
        ),
    ] = None,
    validation: Annotated[
        list[Path] | None,
        typer.Option(help="Pictures to validate on. (default: 8 training pictures, held out)"),
    ] = None,
    preset: Annotated[str | None, typer.Option(help="Another network than the recipe's.")] = None,
    batch_size: Annotated[int | None, typer.Option(help="Crops a step, all devices.")] = None,
    patch_size: Annotated[int | None, typer.Option(help="Input pixels of a crop's side.")] = None,
    shrink: Annotated[
        int | None,
        typer.Option(
            help="Shrink pictures by 2 or 4 before they are saved, for a network that keeps the "
            "size. (default: its scale)"
        ),
    ] = None,
    learning_rate: Annotated[float | None, typer.Option(help="Peak learning rate.")] = None,
    qf: Annotated[
        str | None,
        typer.Option(help="Quality factors of the training JPEGs, with commas between."),
    ] = None,
    history: Annotated[
        str | None,
        typer.Option(help="once: saved once; web: also saved repeatedly, shrunk between saves."),
    ] = None,
    share_444: Annotated[
        float | None, typer.Option(help="Of the training JPEGs, in full chroma.")
    ] = None,
    seed: Annotated[int | None, typer.Option(help="Decides every random draw.")] = None,
    name: Annotated[
        str | None, typer.Option(help="Of the weights in their record. (default: the preset's)")
    ] = None,
    device: Annotated[
        Device,
        typer.Option(
            metavar="NAME", help="auto, cpu, cuda or mps. auto takes a GPU if there is one."
        ),
    ] = "auto",
    precision: Annotated[
        TrainingPrecision,
        typer.Option(
            metavar="NAME",
            help="auto, float32 or bfloat16. auto is bfloat16 where the device has it, "
            "else float32.",
        ),
    ] = "auto",
    compile: Annotated[
        bool | None, typer.Option(help="Compile the blocks. (default: on a GPU)")
    ] = None,
    graph: Annotated[
        bool, typer.Option(help="Run a step of JCARSR as one CUDA graph, on one GPU.")
    ] = True,
    log_every: Annotated[int, typer.Option(min=1, help="Steps.", rich_help_panel=_LOGS)] = 50,
    validate_every: Annotated[
        int, typer.Option(min=1, help="Steps.", rich_help_panel=_LOGS)
    ] = 1000,
    checkpoint_minutes: Annotated[
        float, typer.Option(min=0, help="Between checkpoints.", rich_help_panel=_LOGS)
    ] = 10,
    checkpoint_part_mb: Annotated[
        float,
        typer.Option(
            min=1,
            help="Split checkpoints into files of at most this size.",
            rich_help_panel=_LOGS,
        ),
    ] = 1024,
) -> None:
    """Train a network; Ctrl-C stops cleanly and --resume goes on.

    On several devices: torchrun --nproc-per-node N -m jcarsr train RECIPE ...
    """
    from jcarsr.networks.catalog import check_preset
    from jcarsr.training.options import RunOptions
    from jcarsr.training.recipe_file import SUFFIX, read_recipe
    from jcarsr.training.recipes import RECIPES, change_histories, fit_to_network
    from jcarsr.training.run import train as run

    changes: dict[str, Any] = {
        "preset": preset,
        "max_steps": max_steps,
        "batch_size": batch_size,
        "patch_size": patch_size,
        "shrink": shrink,
        "learning_rate": learning_rate,
        "seed": seed,
    }
    with usage_errors():
        if recipe.endswith(SUFFIX):
            found = read_recipe(Path(recipe))
        elif recipe in RECIPES:
            found = RECIPES[recipe]
        else:
            raise ValueError(f"{recipe}: no such recipe, there are {', '.join(RECIPES)}")
        if preset is not None:
            check_preset(preset)
        chosen = replace(found, **{k: v for k, v in changes.items() if v is not None})
        qfs = None if qf is None else parse_qfs(qf)
        histories = change_histories(
            chosen.histories,
            kind=history,
            qfs=qfs,
            share_444=share_444,
            pairs=pairs is not None,
        )
        try:
            chosen = fit_to_network(replace(chosen, histories=histories))
        except ValueError as error:
            raise ValueError(f"{recipe}: {error}") from error
        options = RunOptions(
            out=out,
            data=data or (),
            pairs=pairs,
            name=name,
            validation=validation or (),
            max_minutes=max_minutes,
            resume=resume,
            init=init or (),
            device=device,
            precision=precision,
            compile=compile,
            graph=graph,
            log_every=log_every,
            validate_every=validate_every,
            checkpoint_minutes=checkpoint_minutes,
            checkpoint_part_mb=checkpoint_part_mb,
        )
    with _Bar() as bar:
        path = run(chosen, options, bar)
        bar.message(f"weights: {path}")


class _Bar(Reporter):
    """Shows a run on the terminal: a bar where there is one, a line for every log elsewhere."""

    def __init__(self) -> None:
        self._console = Console(stderr=True, highlight=False, markup=False, soft_wrap=True)
        columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn(), Eta())
        self._progress = Progress(*columns, console=self._console)
        self._bank: TaskID | None = None
        self._steps: TaskID | None = None
        self._spent = 0.0

    def __enter__(self) -> _Bar:
        self._progress.start()
        return self

    def __exit__(self, *exc: object) -> None:
        self._progress.stop()

    def bank(self, done: int, total: int) -> None:
        """`done` of `total` pictures are in the bank."""
        if self._bank is None:
            self._bank = self._progress.add_task("preparing pictures", total=total)
        self._progress.update(self._bank, completed=done)

    def step(self, report: StepReport) -> None:
        """A logged step."""
        text = (
            f"step {report.step}, loss {report.losses['loss']:.5f}, "
            f"{report.samples_per_second:.1f} samples/s, {report.tflops:.2f} TFLOP/s, "
            f"{format_bytes(report.peak_memory)}"
        )
        if self._steps is None:
            self._steps = self._progress.add_task(text, total=1.0)
        self._spent = report.spent
        self._progress.update(self._steps, completed=report.spent, description=text)
        if not self._console.is_terminal:
            self.message(f"{text}, {100 * report.spent:.1f} % of the budget")

    def stopped(self, step: int) -> None:
        """A signal asked to stop, perhaps when nothing was left to do but to validate."""
        if self._spent < 1:
            self.message(f"stopped at step {step}; --resume goes on")

    def message(self, text: str) -> None:
        """One line for the user."""
        self._console.print(text)
