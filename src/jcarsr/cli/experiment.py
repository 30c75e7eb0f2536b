"""`jcarsr experiment`."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from jcarsr.cli.shell import exit_on_signals, say
from jcarsr.cli.text import printable
from jcarsr.cli.values import typed_options, usage_errors
from jcarsr.protocols import Device, TrainingPrecision

if TYPE_CHECKING:
    from jcarsr.experiments.plan import ExperimentPlan

_LOGS = "Logs and checkpoints"
_ELSEWHERE = {
    **dict.fromkeys(("--pictures", "--picture"), "of figures"),
    **dict.fromkeys(("--into", "--check"), "with --rows"),
}  # options that mean nothing for a run of tables
_OF_ROWS = frozenset({"--rows", "--into", "--check", "--only", "--scale"})
"""The options that say something of a report of stored rows."""


def experiment(
    ctx: typer.Context,
    name: Annotated[
        str | None,
        typer.Argument(help="table1 to table8, noise, all; fig6 to fig10. (default: list them)"),
    ] = None,
    data: Annotated[
        list[Path] | None, typer.Option(help="Folder or tar of training pictures; repeatable.")
    ] = None,
    sets: Annotated[
        list[Path] | None,
        typer.Option(help="A test set's folder, or a folder that holds them; repeatable."),
    ] = None,
    out: Annotated[
        Path | None, typer.Option(help="Folder for runs, rows and reports; tables share it.")
    ] = None,
    size: Annotated[
        Literal["lite", "paper"], typer.Option(help="Of the networks: about 0.5 M, or the paper's.")
    ] = "lite",
    steps: Annotated[
        int | None, typer.Option(help="Budget of every network. (default: the recipe's)")
    ] = None,
    minutes_per_model: Annotated[
        float | None,
        typer.Option(
            help="Budget of every network, instead of steps; on a CPU of the processor's work."
        ),
    ] = None,
    seeds: Annotated[int, typer.Option(help="Trainings of every network: seeds 0, 1 ...")] = 1,
    only: Annotated[
        list[str] | None, typer.Option(help="This line of the table alone; repeatable.")
    ] = None,
    scale: Annotated[
        list[int] | None, typer.Option(help="This scale alone; repeatable. (default: the table's)")
    ] = None,
    given: Annotated[
        list[str] | None,
        typer.Option(
            metavar="PRESET=FILE",
            help="Weights in place of a training: a weight file, or the authors'; repeatable.",
        ),
    ] = None,
    known: Annotated[
        list[Path] | None,
        typer.Option(
            help="Rows of earlier runs, a file or folder: what is scored is not done again; "
            "repeatable."
        ),
    ] = None,
    rows: Annotated[
        list[Path] | None,
        typer.Option(help="Run nothing: report the rows of a file or folder; repeatable."),
    ] = None,
    into: Annotated[
        Path | None, typer.Option(help="Markdown file whose part is replaced, with --rows.")
    ] = None,
    check: Annotated[
        bool, typer.Option("--check", help="With --into: fail if it would change.")
    ] = False,
    pictures: Annotated[
        list[Path] | None, typer.Option(help="Real pictures, for fig9; repeatable.")
    ] = None,
    picture: Annotated[
        str | None,
        typer.Option(
            help="Of a test set, or a file, for a figure. (default: where methods differ most)"
        ),
    ] = None,
    show: Annotated[
        bool, typer.Option("--show", help="Run nothing: print the jobs and what is done of them.")
    ] = False,
    device: Annotated[
        Device, typer.Option(metavar="NAME", help="auto, cpu, cuda or mps.")
    ] = "auto",
    precision: Annotated[
        TrainingPrecision,
        typer.Option(metavar="NAME", help="Of training: auto, float32 or bfloat16."),
    ] = "auto",
    compile: Annotated[
        bool | None, typer.Option(help="Compile the blocks of some. (default: on a GPU)")
    ] = None,
    log_every: Annotated[int, typer.Option(min=1, help="Steps.", rich_help_panel=_LOGS)] = 50,
    checkpoint_minutes: Annotated[
        float, typer.Option(min=0, help="Between checkpoints.", rich_help_panel=_LOGS)
    ] = 5,
) -> None:
    """Make the paper's tables and figures; the same command goes on after a stop.

    Nothing that is finished is done twice, in whichever table it was first needed. Figures show
    what the tables have trained with the same options.
    """
    from jcarsr.cli.experiment_figure import check_options, prepare_figure
    from jcarsr.cli.experiment_run import ExperimentRun, list_plans, report_rows
    from jcarsr.experiments.catalog import PLANS, find_plans
    from jcarsr.experiments.figures.catalog import FIGURES
    from jcarsr.experiments.jobs import Budget, default_budget

    typed = typed_options(ctx)
    if name is None and not typed:
        say(list_plans())
        return
    with usage_errors():
        if name is None:
            raise ValueError(f"{typed[0]}: of which experiment? Give its name first")
        if name not in (*PLANS, "all", *FIGURES):
            there = ", ".join((*PLANS, "all", *FIGURES))
            raise ValueError(f"{name}: no such experiment, there are {there}")
        if out is not None and out.exists() and not out.is_dir():
            raise ValueError(f"--out {out}: is not a folder")
        if math.isinf(checkpoint_minutes):
            raise ValueError(f"--checkpoint-minutes {checkpoint_minutes}: must be finite")
        chosen = steps is not None or minutes_per_model is not None
        budget = Budget(steps=steps, minutes=minutes_per_model) if chosen else default_budget(size)
    if name in FIGURES:
        with usage_errors():
            check_options(name, typed)
            if out is None:
                raise ValueError("--out: is needed")
            draw = prepare_figure(
                name,
                data=data or [],
                sets=sets or [],
                out=out,
                size=size,
                budget=budget,
                given=given or [],
                known=known or [],
                device=device,
                precision=precision,
                pictures=pictures or [],
                picture=picture,
                missing=lambda text: typer.echo(f"note: {text}", err=True),
            )
        with exit_on_signals():
            say(printable(draw()))
        return
    with usage_errors():
        whole = find_plans(name)
        plans = [_cut(plan, only or [], scale or []) for plan in whole]
        if rows:
            for option in typed:
                if option not in _OF_ROWS:
                    taken = ", ".join(sorted(_OF_ROWS))
                    raise ValueError(f"{option}: not with --rows, which takes {taken}")
            if check and into is None:
                raise ValueError("--check: needs --into")
            say(report_rows(plans, rows, into, check=check))
            return
        for option, value in (("--data", data), ("--sets", sets), ("--out", out)):
            if not value:
                raise ValueError(f"{option}: is needed")
        for option, where in _ELSEWHERE.items():
            if option in typed:
                raise ValueError(f"{option}: {where} alone")
        assert data and sets and out
        run = ExperimentRun(
            plans=plans,
            reports=whole,
            data=data,
            sets=sets,
            out=out,
            size=size,
            budget=budget,
            seeds=seeds,
            given=given or [],
            known=known or [],
            device=device,
            precision=precision,
            compile=compile,
            log_every=log_every,
            checkpoint_minutes=checkpoint_minutes,
        )
        if show:
            say(run.show())
            return
        with exit_on_signals():
            run.prepare(lambda preset: typer.echo(f"measuring a step of {preset}", err=True))
    with exit_on_signals():
        written, whole = run.run()
    for path in written:
        say(printable(path))
    if not whole:
        raise typer.Exit(1)


def _cut(plan: ExperimentPlan, labels: list[str], scales: list[int]) -> ExperimentPlan:
    """The plan with the lines and scales asked for.

    Raises:
        ValueError: it does not have one of them.
    """
    from dataclasses import replace

    for scale in scales:
        if scale not in plan.scales:
            known = ", ".join(map(str, plan.scales))
            raise ValueError(f"--scale {scale}: {plan.name} has {known}")
    kept = tuple(scale for scale in plan.scales if not scales or scale in scales)
    return replace(plan.only(tuple(labels)), scales=kept)
