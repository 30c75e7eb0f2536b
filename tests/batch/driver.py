"""Runs that end before their time, each in a process of its own: `kills` and `dies`.

Started as a program by `test_pipeline.py`. PyTorch is not imported, so that forking is safe and
quick.
"""

from __future__ import annotations

import itertools
import os
import random
import signal
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from jcarsr.batch.ledger import Ledger
from jcarsr.batch.pipeline import run_jobs
from jcarsr.batch.plan import plan_jobs
from jcarsr.batch.worker import LedgerWorker
from jcarsr.restoring.outputs import Kind
from jcarsr.restoring.settings import Settings
from jcarsr.restoring.target import Target

networks: Any = None  # the class of conftest.py, imported before anything is forked


def run(inputs: Path, out: Path, weights: str, gradient: bool, step: Callable[[], None]) -> None:
    """Restore a folder; `step` is called before every entry and every renaming."""
    enter, rename = Ledger.enter, Path.replace

    def watched_enter(self: Ledger, entry: Any) -> None:
        step()
        enter(self, entry)

    def watched_rename(self: Path, target: Path) -> Path:
        step()
        return rename(self, target)

    Ledger.enter, Path.replace = watched_enter, watched_rename  # type: ignore[assignment,method-assign]
    outputs: tuple[Kind, ...] = ("picture", "gradient") if gradient else ("picture",)
    settings = Settings(target=Target(scale=2), outputs=outputs)
    plan = plan_jobs([inputs], out, size="x2", format=None, outputs=outputs)
    with Ledger(out) as ledger:
        worker = LedgerWorker(networks(weights), settings, ledger)
        assert all(o.state in ("done", "skipped") for o in run_jobs(worker, plan.jobs))
    Ledger.enter, Path.replace = enter, rename  # type: ignore[method-assign]


def forked(what: Callable[[], None]) -> int:
    """The id of a process that does `what` and ends."""
    process = os.fork()
    if process == 0:
        try:
            what()
            os._exit(0)
        finally:
            os._exit(1)
    return process


def kills(inputs: Path, out: Path, weights: str, count: int, seed: int) -> None:
    """Kill run after run, each a random number of steps after its beginning."""
    chance = random.Random(seed)
    stood = set[Path]()
    for _ in range(count):
        reader, writer = os.pipe()
        steps = chance.randint(1, 8)

        def run_and_tell(writer: int = writer, most: int = steps + 3) -> None:
            taken = itertools.count(1)

            def step() -> None:
                os.write(writer, b".")
                if next(taken) > most:  # a slow killer shall not find all done
                    signal.pause()

            run(inputs, out, weights, False, step)

        process = forked(run_and_tell)
        os.close(writer)
        for _ in range(steps):
            assert os.read(reader, 1), "the run ended before it was killed"
        time.sleep(chance.random() * 0.004)  # so that it is not always just before a step
        os.kill(process, signal.SIGKILL)
        _, status = os.waitpid(process, 0)
        os.close(reader)
        assert os.WIFSIGNALED(status), "the run ended before it was killed"
        standing = set(out.rglob("*.png"))
        assert stood <= standing, "a result is gone"
        stood = standing
        for result in standing:
            check(result, inputs / result.name.replace("_x2", ""))
    print(count)


def check(result: Path, source: Path) -> None:
    """That a result is complete: what either of the networks makes of the source."""
    with Image.open(source) as image:
        expected = np.array(image).repeat(2, 0).repeat(2, 1)
    with Image.open(result) as image:
        found = np.array(image)
    assert (found == expected).all() or (found == expected[:, ::-1]).all(), result


def dies(inputs: Path, out: Path, steps: int, gradient: bool, replacing: bool) -> None:
    """Runs into the folders 0, 1, ... of `out`; each dies just before the step of its number."""

    def end_before_step(number: int) -> None:
        folder = out / str(number)
        if replacing:
            run(inputs, folder, "nearest", gradient, lambda: None)
        left = number

        def step() -> None:
            nonlocal left
            if not left:
                os._exit(9)
            left -= 1

        run(inputs, folder, "mirror", gradient, step)

    processes = [forked(partial(end_before_step, number)) for number in range(steps)]
    for process in processes:
        _, status = os.waitpid(process, 0)
        assert os.waitstatus_to_exitcode(status) == 9
    print(steps)


if __name__ == "__main__":
    from conftest import NearestNetworks  # in this file's folder, which is where programs look

    networks = NearestNetworks
    mode, pictures, results, *rest = sys.argv[1:]
    if mode == "kills":
        kills(Path(pictures), Path(results), rest[0], int(rest[1]), int(rest[2]))
    else:
        dies(Path(pictures), Path(results), int(rest[0]), rest[1] == "True", rest[2] == "True")
