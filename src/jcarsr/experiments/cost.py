"""What jobs cost: measured steps, and the time that is left. Refuses budgets that are too small."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from statistics import fmean
from typing import NamedTuple

import torch

from jcarsr.devices import find_device
from jcarsr.experiments.agenda import Agenda
from jcarsr.experiments.jobs import Scoring, Training
from jcarsr.experiments.store import ResultStore
from jcarsr.protocols import Device
from jcarsr.training.clock import processor_seconds
from jcarsr.training.meter import random_batch
from jcarsr.training.recipes import Recipe
from jcarsr.training.schedule import Cosine
from jcarsr.training.state import TrainingState
from jcarsr.training.task import loss_terms


class TimeLeft(NamedTuple):
    """How long jobs will take."""

    seconds: float
    at_least: bool
    """Whether of some of them nothing is known."""

    def plus(self, seconds: float | None) -> TimeLeft:
        """With those of one more; None = not known."""
        return TimeLeft(self.seconds + (seconds or 0.0), self.at_least or seconds is None)


class Costs:
    """Seconds of a step and of a scoring, as far as they have been seen."""

    def __init__(self) -> None:
        self._steps: dict[str, float] = {}  # preset -> seconds
        self._waiting = 1.0  # seconds on the wall for one of the processor's
        self._scores: dict[str, list[float]] = {}  # set -> seconds of each scoring

    def probe(
        self,
        agenda: Agenda,
        store: ResultStore,
        device: Device,
        on_probe: Callable[[str], object] = lambda preset: None,
    ) -> None:
        """Measure a step of every network that is to be trained; `on_probe` is told which.

        Of one for which there is not enough memory nothing is known: its training will say so.
        """
        for job in agenda.trainings_left(store):
            if job.recipe.preset not in self._steps:
                on_probe(job.recipe.preset)
                try:
                    self._steps[job.recipe.preset] = step_seconds(job, device)
                except RuntimeError as error:
                    if "CUDA error" in str(error):  # after which the device computes no more
                        raise

    def learn(self, job: Training, store: ResultStore) -> None:
        """Take the seconds of a step from a run that is finished."""
        record = store.record(job)
        if record and record.training["minutes"] and record.training["steps"]:
            seconds = 60 * record.training["minutes"] / record.training["steps"]
            self._steps[job.recipe.preset] = seconds

    def learn_waiting(self, job: Training, seconds: float) -> None:
        """Note how long a whole training took, whose minutes are those of the processor's work."""
        if job.budget.counts_processor and job.budget.minutes is not None:
            self._waiting = max(1.0, seconds / (60 * job.budget.minutes))

    def learn_score(self, job: Scoring, seconds: float) -> None:
        """Note what a scoring took."""
        self._scores.setdefault(job.set.name, []).append(seconds)

    def seconds(self, job: Training) -> float | None:
        """Of a whole training, on the wall; None = not known."""
        if job.budget.minutes is not None:
            return 60 * job.budget.minutes * (self._waiting if job.budget.counts_processor else 1)
        step = self._steps.get(job.recipe.preset)
        return None if step is None else step * job.recipe.max_steps

    def steps(self, job: Training) -> float | None:
        """That a training will make; None = not known."""
        if job.budget.minutes is None:
            return job.recipe.max_steps
        step = self._steps.get(job.recipe.preset)
        return None if step is None else 60 * job.budget.minutes / step

    def rest(self, job: Training | Scoring, store: ResultStore) -> float | None:
        """Seconds of what is not done of a job; None = not known."""
        if isinstance(job, Scoring):
            seen = self._scores.get(job.set.name)
            return fmean(seen) if seen else None
        seconds, steps = self.seconds(job), self.steps(job)
        begun = store.begun(job) or 0
        return seconds * (1 - min(1.0, begun / steps)) if seconds and steps else seconds

    def left(self, jobs: Iterable[Training | Scoring], store: ResultStore) -> TimeLeft:
        """What is not done of jobs will take."""
        rests = [self.rest(job, store) for job in jobs]
        known = [rest for rest in rests if rest is not None]
        return TimeLeft(sum(known), at_least=len(known) < len(rests))


def check_budgets(agenda: Agenda, store: ResultStore, costs: Costs) -> None:
    """Refuse a budget in which a learning rate is never lowered, before anything is trained.

    What has been begun goes on. A step measured on a GPU is slower than those of a training, where
    blocks are compiled: there half the steps are let pass.

    Raises:
        ValueError: the message says for which network, and what is enough for all of them.
    """
    short: list[tuple[float, Training, float]] = []  # times its budget, a job, the steps in it
    for job in agenda.trainings_left(store):
        needed, steps = steps_to_decay(job.recipe), costs.steps(job)
        least = needed / 2 if job.budget.machine else needed
        if steps is not None and steps < least and store.begun(job) is None:
            short.append((needed / steps, job, steps))
    if not short:
        return
    times, worst, steps = max(short, key=lambda one: one[0])
    if worst.budget.minutes is None:
        made, enough = "", f"{max(steps_to_decay(job.recipe) for job in agenda.trainings)} steps"
    else:  # a tenth more than measured
        made, enough = f", {steps:.0f} steps", f"{1.1 * worst.budget.minutes * times:.3g} minutes"
    raise ValueError(
        f"{worst.budget}{made} of {worst.recipe.preset}: too few for its learning rate to fall, "
        f"{enough} are enough"
    )


def steps_to_decay(recipe: Recipe) -> int:
    """How many steps a run must have for its learning rate to fall: twice the warm-up."""
    schedule = recipe.schedule
    if isinstance(schedule, Cosine):
        return 2 * schedule.warmup_steps
    return schedule.every


def step_seconds(job: Training, device: Device) -> float:
    """Seconds of one training step, measured after a first one that is not counted.

    They are of the clock that counts the job's budget.
    """
    recipe, found = job.recipe, torch.device(find_device(device))
    clock = processor_seconds if job.budget.counts_processor else time.perf_counter
    state = TrainingState(recipe, found, compile=False)
    with found:
        batch = random_batch(recipe, state.model)
    state.set_rate(0.0)

    def step() -> float:
        start = clock()
        with torch.autocast(found.type, torch.bfloat16, enabled=job.precision == "bfloat16"):
            terms = loss_terms(state.model, batch, recipe.pixel_error, recipe.loss_weights)
        terms["loss"].backward()
        for optimizer in state.optimizers:
            optimizer.step()
            optimizer.zero_grad()
        if found.type == "cuda":
            torch.cuda.synchronize()
        return clock() - start

    step()
    return step()
