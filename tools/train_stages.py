r"""Train in stages for some minutes by the clock, with pictures that are prepared once.

    python tools/train_stages.py finish:0.6:8e-4 settle:0.4:5e-4 --minutes 9.5 --preset jcarsr-x2 \
        --init START.safetensors --history web --batch-size 16 --patch-size 64 \
        --data A.tar --data B.tar --out RUN

For a GPU that is lent by the minute. A stage is RECIPE:SHARE:RATE: a recipe's name, its share of
the minutes, its peak learning rate; it starts from the weights of the stage before. The minutes
are those of the whole command, preparing pictures and compiling included. Each stage has a folder
in --out. Rehearse on a CPU before: --max-steps 2 with few pictures and small crops.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import torch
from tool_report import report

from jcarsr.degradation.draw import Web
from jcarsr.devices import find_device
from jcarsr.errors import TrainingError
from jcarsr.training.options import RunOptions
from jcarsr.training.pictures import Banks, fill_bank, split_entries
from jcarsr.training.recipes import RECIPES, Recipe, change_histories, fit_to_network
from jcarsr.training.report import Reporter, StepReport
from jcarsr.training.run import train

RESERVE = 8.0
"""Seconds at the end of every stage, for its validation and its files."""


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
    if not share > 0:
        raise ValueError(f"{text}: a share must be positive")
    return Stage(name=name, share=share, recipe=replace(RECIPES[name], learning_rate=rate))


def seconds_of_next(left: float, shares: Sequence[float]) -> float:
    """Seconds in the loop of the first of the stages that are left, of `left` seconds for all.

    Raises:
        TrainingError: there is no time.
    """
    usable = left - RESERVE * len(shares)
    if usable <= 0:
        raise TrainingError(f"{left:.0f} seconds are left for {len(shares)} stages: too few")
    return usable * shares[0] / sum(shares)


def train_stages(stages: Sequence[Stage], options: RunOptions, deadline: float) -> Path:
    """Train one stage after the other until `deadline`, of time.monotonic.

    Args:
        stages: all learn from the same pictures and crops.
        options: of all stages; `out` gets a folder for each, `init` is for the first.
        deadline: when the last one ends.

    Returns:
        the weights of the last one.

    Raises:
        ValueError, DataError, WeightsError, TrainingError: as `jcarsr.training.run.train`, or
            there is no time left for a stage.
    """
    banks, reporter, found = Banks(), Lines(), find_device(options.device)
    first = stages[0].recipe
    device = torch.device(found, 0) if found == "cuda" else torch.device(found)  # as Fabric's
    entries, _ = split_entries(options, first.picture_scale)
    fill_bank(first, entries, reporter, rank=0, processes=1, device=device, banks=banks)
    reporter.message("pictures are prepared")
    path = Path()
    for number, stage in enumerate(stages, start=1):
        shares = [later.share for later in stages[number - 1 :]]
        seconds = seconds_of_next(deadline - time.monotonic(), shares)
        reporter.message(f"{stage.name}: {seconds:.0f} seconds")
        own = replace(options, out=options.out / f"{number}-{stage.name}", max_minutes=seconds / 60)
        path = train(stage.recipe, own, reporter, banks)
        options = replace(options, init=[str(path)])
    return path


class Lines(Reporter):
    """One line for every message and logged step, with the seconds since the start."""

    def __init__(self) -> None:
        self._started = time.monotonic()

    def message(self, text: str) -> None:
        """One line."""
        print(f"{time.monotonic() - self._started:6.1f} s  {text}", flush=True)

    def step(self, report: StepReport) -> None:
        """A logged step."""
        losses = ", ".join(f"{name} {value:.5f}" for name, value in report.losses.items())
        self.message(
            f"step {report.step}, {100 * report.spent:.1f} %, {report.samples_per_second:.1f} "
            f"samples/s, {report.tflops:.1f} TFLOP/s, rate {report.learning_rate:.1e}, {losses}"
        )


def main() -> int:
    """Train as the command line says; gives the exit code."""
    started = time.monotonic()
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
            histories = change_histories(RECIPES["short"].histories, kind=given.history)
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
            stages = [
                replace(stage, recipe=fit_to_network(replace(stage.recipe, **changes)))
                for stage in map(parse_stage, given.stages)
            ]
            options = RunOptions(
                out=given.out,
                data=given.data,
                init=given.init,
                name=given.name,
                checkpoint_minutes=1e6,  # at the end of a stage alone
            )
            path = train_stages(stages, options, started + 60 * given.minutes)
        except ValueError as error:
            raise TrainingError(str(error)) from error
        return f"weights: {path}"

    torch.backends.cudnn.benchmark = True  # all crops have one size
    return report(run)


if __name__ == "__main__":
    sys.exit(main())
