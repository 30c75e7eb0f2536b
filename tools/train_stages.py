r"""Train in stages for some minutes by the clock, with pictures that are prepared once.

    python tools/train_stages.py finish:0.6:8e-4 settle:0.4:5e-4 --minutes 9.5 --preset jcarsr-x2 \
        --init START.safetensors --history web --batch-size 16 --patch-size 64 \
        --data A.tar --data B.tar --out RUN

For a GPU that is lent by the minute. A stage is RECIPE:SHARE:RATE: a recipe's name, its share of
the minutes, its peak learning rate; it starts from the weights of the stage before. The minutes
are those of the whole command, imports, preparing pictures and compiling included. Each stage has
a folder in --out. A stop by signal ends all stages with the weights that there are. Rehearse on a
CPU before (where nothing is compiled): --max-steps 2 with sixteen pictures and small crops.
"""

from __future__ import annotations

import argparse
import math
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from importlib import import_module
from pathlib import Path

import psutil
import torch
from tool_report import report

from jcarsr import weights
from jcarsr.degradation.draw import Web
from jcarsr.devices import find_device
from jcarsr.errors import TrainingError
from jcarsr.networks.catalog import check_preset, preset_facts
from jcarsr.training import checkpoint
from jcarsr.training.options import RunOptions
from jcarsr.training.pictures import Banks, bank_settings, fill_bank, split_entries
from jcarsr.training.recipes import ANY_QUALITY, RECIPES, WEB, Recipe, fit_to_network
from jcarsr.training.report import Reporter, StepReport
from jcarsr.training.run import train

RESERVE = 8.0
"""Seconds of every stage that are not in its loop: its validation and its files."""


@dataclass(frozen=True, kw_only=True)
class Stage:
    """A part of the training."""

    recipe: Recipe
    name: str
    share: float
    """Of the time, against those of the other stages."""


def parse_stage(text: str) -> Stage:
    """RECIPE:SHARE:RATE.

    Raises:
        ValueError: it is none; the message quotes it.
    """
    name, *numbers = text.split(":")
    if name not in RECIPES or len(numbers) != 2:
        raise ValueError(f"{text}: not RECIPE:SHARE:RATE, with one of {', '.join(RECIPES)}")
    share, rate = map(float, numbers)
    if not 0 < share < math.inf:
        raise ValueError(f"{text}: a share must be positive and finite")
    return Stage(name=name, share=share, recipe=replace(RECIPES[name], learning_rate=rate))


def seconds_of_next(left: float, shares: Sequence[float]) -> float:
    """Seconds in the loop of the first of the stages that are left, of `left` seconds for all.

    Raises:
        TrainingError: there is no time.
    """
    usable = left - RESERVE * len(shares)
    if not usable > 0:
        raise TrainingError(f"{left:.0f} seconds are left, stages to train: {len(shares)}; too few")
    return usable * shares[0] / sum(shares)


def train_stages(stages: Sequence[Stage], options: RunOptions, deadline: float) -> Path:
    """Train one stage after the other until `deadline`, of time.time.

    Args:
        stages: all learn from the same pictures and crops.
        options: of all stages; `out` gets a folder for each, `init` is for the first.
        deadline: when the last one ends.

    Returns:
        the weights of the last one that was begun.

    Raises:
        DataError, WeightsError, TrainingError: as `jcarsr.training.run.train`, two stages do not
            learn from the same crops, or there is no time left for a stage.
    """
    first, outs = stages[0].recipe, [options.out / f"{i}-{s.name}" for i, s in enumerate(stages, 1)]
    tables = "tables" in preset_facts(first.preset).reads
    seconds_of_next(deadline - time.time(), [stage.share for stage in stages])
    for name in options.init:
        weights.read(weights.find(name))
    for out in outs:
        checkpoint.refuse_others(out / "checkpoints")
    settings = bank_settings(first, tables=tables)
    if any(bank_settings(stage.recipe, tables=tables) != settings for stage in stages):
        raise TrainingError("the stages' recipes do not draw the same crops of the same pictures")

    banks, reporter, found = Banks(), Lines(), find_device(options.device)
    device = torch.device(found, 0) if found == "cuda" else torch.device(found)  # as Fabric's
    entries, _ = split_entries(options, first.picture_scale)
    reporter.message(f"{len(entries)} pictures are being prepared")
    fill_bank(
        first, entries, reporter, rank=0, processes=1, device=device, tables=tables, banks=banks
    )
    path = Path()
    for number, (stage, out) in enumerate(zip(stages, outs, strict=True)):
        shares = [later.share for later in stages[number:]]
        seconds = seconds_of_next(deadline - time.time(), shares)
        reporter.message(f"{stage.name}: {seconds:.0f} seconds")
        own = replace(options, out=out, max_minutes=seconds / 60)
        path = train(stage.recipe, own, reporter, banks)
        if reporter.ended:
            break
        options = replace(options, init=[str(path)])
    return path


class Lines(Reporter):
    """One line for every message and logged step, with the seconds since the start."""

    def __init__(self) -> None:
        self._started = time.time()
        self.ended = False

    def message(self, text: str) -> None:
        """One line."""
        print(f"{time.time() - self._started:6.1f} s  {text}", flush=True)

    def stopped(self, step: int) -> None:
        """A signal asked to stop: no further stage begins."""
        self.ended = True
        self.message(f"stopped at step {step}")

    def step(self, report: StepReport) -> None:
        """A logged step."""
        losses = ", ".join(f"{name} {value:.5f}" for name, value in report.losses.items())
        self.message(
            f"step {report.step}, {100 * report.spent:.1f} %, {report.samples_per_second:.1f} "
            f"samples/s, {report.tflops:.1f} TFLOP/s, rate {report.learning_rate:.1e}, {losses}"
        )


def read_stages(given: argparse.Namespace) -> list[Stage]:
    """The stages of the command line; `--history` takes the place of the recipes' own.

    Raises:
        ValueError: a word or a number is wrong.
    """
    check_preset(given.preset)
    histories = {"once": ANY_QUALITY, "web": WEB}[given.history]
    if given.repeated is not None:
        if not isinstance(histories, Web):
            raise ValueError("--repeated goes with --history web")
        histories = replace(histories, repeated=given.repeated)
    changes = {
        "preset": given.preset,
        "histories": histories,
        "batch_size": given.batch_size,
        "patch_size": given.patch_size,
        "max_steps": given.max_steps,
    }
    return [
        replace(stage, recipe=fit_to_network(replace(stage.recipe, **changes)))
        for stage in map(parse_stage, given.stages)
    ]


def main() -> int:
    """Train as the command line says; gives the exit code."""
    started = psutil.Process().create_time()
    import_module("lightning_fabric")  # takes seconds: now, before they are shared
    parser = argparse.ArgumentParser(description="Train in stages, for some minutes in all.")
    parser.add_argument("stages", nargs="+", metavar="RECIPE:SHARE:RATE")
    parser.add_argument("--minutes", type=float, required=True, help="of the whole command")
    parser.add_argument("--preset", required=True)
    parser.add_argument("--init", action="append", default=[])
    parser.add_argument("--history", choices=["once", "web"], default="once")
    parser.add_argument("--repeated", type=int, help="versions saved repeatedly, of web (15)")
    parser.add_argument("--batch-size", type=int, default=16)
    parser.add_argument("--patch-size", type=int, default=64)
    parser.add_argument("--data", type=Path, action="append", required=True)
    parser.add_argument("--name")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--max-steps", type=int, default=1_000_000, help="of each stage")
    given = parser.parse_args()

    def run() -> str:
        try:
            stages = read_stages(given)
            options = RunOptions(
                out=given.out,
                data=given.data,
                init=given.init,
                name=given.name,
                checkpoint_minutes=1e6,  # at the end of a stage alone
            )
        except ValueError as error:
            raise TrainingError(str(error)) from error
        return f"weights: {train_stages(stages, options, started + 60 * given.minutes)}"

    torch.backends.cudnn.benchmark = True  # all crops have one size
    return report(run)


if __name__ == "__main__":
    sys.exit(main())
