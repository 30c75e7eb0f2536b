"""Does the jobs of an agenda that are not done yet; a failure costs only what needs the job."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from jcarsr.engines.base import EngineOptions
from jcarsr.errors import DataError, JCARSRError, TrainingError
from jcarsr.evaluation.rows import Row
from jcarsr.experiments.agenda import Agenda
from jcarsr.experiments.cost import Costs, TimeLeft
from jcarsr.experiments.jobs import Conditions, Scoring, Training
from jcarsr.experiments.score import score
from jcarsr.experiments.store import ResultStore
from jcarsr.methods.memory import Memory
from jcarsr.progress import OnProgress
from jcarsr.protocols import Device
from jcarsr.training.options import RunOptions
from jcarsr.training.pictures import Banks
from jcarsr.training.report import Reporter, StepReport
from jcarsr.training.run import train


@dataclass(frozen=True, kw_only=True)
class RunSettings:
    """How jobs are done: nothing here changes a result by more than its last bits."""

    device: Device = "auto"
    compile: bool | None = None
    """As RunOptions has it."""
    log_every: int = 50
    """Steps."""
    checkpoint_minutes: float = 5.0


@dataclass
class RunOutcome:
    """What became of an agenda."""

    failures: dict[str, str] = field(default_factory=dict[str, str])
    """Hash of a job -> why."""
    stopped: bool = False
    """By a signal, before the end."""


class Watcher(Reporter):
    """Receives what the runs report, and which job begins; ignores all of it."""

    def begin(self, job: Training | Scoring, done: int, total: int) -> None:
        """Note that a job begins, the next after `done` of `total`."""

    def scored(self, done: int, total: int) -> None:
        """Note that `done` of `total` pictures of the set are scored."""

    def stored(self, row: Row) -> None:
        """Note that a score is stored."""

    def left(self, time: TimeLeft) -> None:
        """Note how long all that is left will take."""


class _StopError(Exception):
    """A signal asked to stop."""


class Runner:
    """Does jobs, and remembers what failed.

    Args:
        store: where results are and go.
        conditions: of all trainings.
        settings: how.
        costs: what a step takes, as far as it is known.
        watcher: receives every report.
    """

    def __init__(
        self,
        store: ResultStore,
        conditions: Conditions,
        settings: RunSettings,
        costs: Costs,
        watcher: Watcher,
    ) -> None:
        self._store, self._conditions, self._settings = store, conditions, settings
        self._costs, self._watcher = costs, watcher
        self._banks, self._memory = Banks(), Memory()
        self._outcome = RunOutcome()

    def run(self, agenda: Agenda) -> RunOutcome:
        """Do all that is left to do; what another process does is waited for at the end."""
        try:
            for wait in (False, True):
                for scoring in agenda.scorings:
                    self._do(scoring, agenda, wait=wait)
        except _StopError:
            self._outcome.stopped = True
        return self._outcome

    def _do(self, scoring: Scoring, agenda: Agenda, *, wait: bool) -> None:
        if self._store.row(scoring) or scoring.hash in self._outcome.failures:
            return
        for training in scoring.trainings:
            if not self._store.record(training):
                self._alone(training, agenda, self._train, wait=wait)
        for training in scoring.trainings:
            if reason := self._outcome.failures.get(training.hash):
                self._outcome.failures[scoring.hash] = reason
                return
            if not self._store.record(training):  # another process is at it
                return
        self._alone(scoring, agenda, self._score, wait=wait)

    def _alone(
        self,
        job: Training | Scoring,
        agenda: Agenda,
        do: Callable[[Any, Callable[[float | None], None]], None],
        *,
        wait: bool,
    ) -> None:
        """Do a job unless it failed before, or another process does it."""
        if job.hash in self._outcome.failures:
            return
        with self._lock(job, wait=wait) as ours:
            if not ours or self._is_done(job):
                return
            total = len(agenda.trainings) + len(agenda.scorings)
            left = agenda.jobs_left(self._store)
            self._watcher.begin(job, total - len(left), total)
            others = self._costs.left((o for o in left if o.hash != job.hash), self._store)

            def on_left(seconds: float | None) -> None:
                self._watcher.left(others.plus(seconds))

            on_left(self._costs.rest(job, self._store))
            try:
                do(job, on_left)
            except DataError as error:
                self._fail(job, str(error))
                if isinstance(job, Training):
                    self._fail_alike(job, agenda, str(error))
            except JCARSRError as error:
                self._fail(job, str(error))
            except RuntimeError as error:
                if "CUDA error" in str(error):  # after which the device computes no more
                    raise
                self._fail(job, next(iter(str(error).splitlines()), type(error).__name__))

    @contextmanager
    def _lock(self, job: Training | Scoring, *, wait: bool) -> Generator[bool]:
        """As the store's; what is waited for is said."""
        with self._store.lock(job, wait=False) as ours:
            if ours or not wait:
                yield ours
                return
        self._watcher.message(f"waiting for another process: {job}")
        with self._store.lock(job, wait=True) as ours:
            yield ours

    def _fail(self, job: Training | Scoring, reason: str) -> None:
        self._outcome.failures[job.hash] = reason
        self._watcher.message(f"error: {job}: {reason}")

    def _fail_alike(self, failed: Training, agenda: Agenda, reason: str) -> None:
        """Give up what would learn from the same pictures, which cannot be used."""
        scale = failed.recipe.picture_scale
        for job in agenda.trainings_left(self._store):
            if job.recipe.picture_scale == scale:
                self._outcome.failures.setdefault(job.hash, reason)

    def _is_done(self, job: Training | Scoring) -> bool:
        if isinstance(job, Training):
            return self._store.record(job) is not None
        return self._store.row(job) is not None

    def _train(self, job: Training, on_left: Callable[[float | None], None]) -> None:
        settings, folder = self._settings, self._store.run_folder(job)
        watch = _Relay(self._watcher, on_left)
        options = RunOptions(
            data=job.data.paths,
            out=folder,
            max_minutes=job.budget.minutes,
            processor_minutes=job.budget.counts_processor,
            resume=self._store.begun(job) is not None,
            device=settings.device,
            precision=job.precision,
            compile=settings.compile,
            log_every=settings.log_every,
            checkpoint_minutes=settings.checkpoint_minutes,
        )
        whole, start = options.resume is False, time.perf_counter()
        train(job.recipe, options, watch, self._banks)
        if watch.spent >= 1:
            self._store.finish(job)
            self._costs.learn(job, self._store)
            if whole:
                self._costs.learn_waiting(job, time.perf_counter() - start)
        if watch.asked_to_stop:
            raise _StopError

    def _score(self, job: Scoring, on_left: Callable[[float | None], None]) -> None:
        start, whole = time.perf_counter(), self._costs.rest(job, self._store)

        def scored(done: int, total: int) -> None:
            if whole is not None:
                on_left(max(0.0, whole - (time.perf_counter() - start)))
            self._watcher.scored(done, total)

        engine = EngineOptions(device=self._settings.device, precision="float32")
        on_progress: OnProgress = scored
        try:
            row = score(job, self._store, self._conditions, engine, self._memory, on_progress)
        except ValueError as error:
            raise TrainingError(str(error)) from error
        self._store.put(job, row)
        self._watcher.stored(row)
        self._costs.learn_score(job, time.perf_counter() - start)


class _Relay(Reporter):
    """Passes a training run's reports on, and keeps how much of its budget is spent.

    What is left of it is told by its own pace: other work slows it.
    """

    def __init__(self, watcher: Watcher, on_left: Callable[[float | None], None]) -> None:
        self._watcher, self._on_left = watcher, on_left
        self._first: tuple[float, float] | None = None  # report's time and share of the budget
        self.spent = 1.0  # of a run that has nothing left to do there is no report
        self.asked_to_stop = False

    def bank(self, done: int, total: int) -> None:
        """As Reporter's."""
        self._watcher.bank(done, total)

    def step(self, report: StepReport) -> None:
        """As Reporter's."""
        self.spent, now = report.spent, time.perf_counter()
        began, spent = self._first = self._first or (now, report.spent)
        if report.spent > spent:
            self._on_left((now - began) * (1 - report.spent) / (report.spent - spent))
        self._watcher.step(report)

    def stopped(self, step: int) -> None:
        """As Reporter's."""
        self.asked_to_stop = True
        self._watcher.stopped(step)

    def message(self, text: str) -> None:
        """As Reporter's."""
        self._watcher.message(text)
