"""What `jcarsr experiment` does."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from jcarsr.cli.experiment_progress import ProgressWatcher, words_of
from jcarsr.data.sources import list_pictures
from jcarsr.devices import find_device, name_device, supports_bfloat16
from jcarsr.evaluation.markers import check_between_markers, replace_between_markers
from jcarsr.experiments.agenda import Agenda, check_given, make_agenda
from jcarsr.experiments.catalog import PLANS
from jcarsr.experiments.cost import Costs, check_budgets
from jcarsr.experiments.figures.catalog import FIGURES
from jcarsr.experiments.given import parse_given, read_given
from jcarsr.experiments.jobs import Budget, Conditions, Data, Scoring, Training
from jcarsr.experiments.page import page
from jcarsr.experiments.plan import ExperimentPlan, Size
from jcarsr.experiments.report import report, whole_report
from jcarsr.experiments.results import Suite, group, line_of
from jcarsr.experiments.run import Runner, RunOutcome, RunSettings
from jcarsr.experiments.store import ResultStore, known_rows, read_folders, write_text
from jcarsr.protocols import Device, TrainingPrecision
from jcarsr.training.pictures import check_entries


def list_plans() -> str:
    """Every experiment, a line each."""
    tables = [
        f"{name}: {plan.title}; methods: {len(plan.lines('lite'))}; "
        f"{', '.join(f'x{scale}' for scale in plan.scales)}, "
        f"QF {', '.join(map(str, plan.qfs))}; trainings a seed: {plan.count_trainings('lite')}"
        for name, plan in PLANS.items()
    ]
    figures = [f"{name}: {drawing.title}" for name, drawing in FIGURES.items()]
    return "\n".join(tables + figures)


def report_rows(
    plans: Sequence[ExperimentPlan], files: Sequence[Path], into: Path | None, *, check: bool
) -> str:
    """The page of stored rows as Markdown; with `into`, put there or compared with what is there.

    Raises:
        DataError: a file is missing or holds something else, or the page is out of date.
    """
    text = page(plans, read_folders(files))
    if into is None:
        return text
    if check:
        check_between_markers(into, text)
        return f"{into}: up to date"
    replace_between_markers(into, text)
    return str(into)


def make_conditions(
    data: Sequence[Path],
    size: Size,
    budget: Budget,
    device: Device,
    precision: TrainingPrecision,
) -> Conditions:
    """What all trainings share.

    Raises:
        DataError: a source of pictures is missing.
        ValueError: the device is not there.
    """
    found = find_device(device)
    if precision == "auto":
        precision = "bfloat16" if supports_bfloat16(found) else "float32"
    return Conditions(
        size=size,
        budget=budget.on(found, name_device(device)),
        precision=precision,
        data=Data(paths=tuple(data), entries=tuple(list_pictures(data))),
    )


@dataclass(kw_only=True)
class ExperimentRun:
    """A run of the command."""

    plans: Sequence[ExperimentPlan]
    """What is done."""
    reports: Sequence[ExperimentPlan]
    """What the reports show: the same tables with all of their lines."""
    data: Sequence[Path]
    sets: Sequence[Path]
    out: Path
    size: Size
    budget: Budget
    seeds: int
    given: Sequence[str]
    known: Sequence[Path]
    device: Device
    precision: TrainingPrecision
    compile: bool | None
    log_every: int
    checkpoint_minutes: float
    costs: Costs = field(default_factory=Costs)

    def __post_init__(self) -> None:
        self.store = ResultStore(self.out, known_rows(self.out, self.known))
        self.conditions = make_conditions(
            self.data, self.size, self.budget, self.device, self.precision
        )
        check_given(self.plans, self.conditions, parse_given(self.given))  # before any is converted
        self.agenda: Agenda = make_agenda(
            self.plans,
            self.conditions,
            seeds=self.seeds,
            sets=self.sets,
            given=read_given(self.given, self.out / "given"),
        )
        check_budgets(self.agenda, self.store, self.costs)

    def show(self) -> str:
        """The jobs, what they cost and what exists of them."""
        needed = {job.hash for job in self.agenda.trainings_left(self.store)}
        lines = [self._line(job, job.hash in needed) for job in self.agenda.trainings]
        lines += [self._line(job) for job in self.agenda.scorings]
        lines += [f"missing {name}: {why}" for name, why in self.agenda.missing_sets.items()]
        for job in self.agenda.trainings:
            self.costs.learn(job, self.store)
        trainings = self.agenda.trainings_left(self.store)
        left = self.costs.left(trainings, self.store)
        is_known = left.seconds or not left.at_least
        lines.append(f"training left: {words_of(left) if is_known else 'not known yet'}")
        return "\n".join(lines)

    def prepare(self, on_probe: Callable[[str], object]) -> None:
        """Check the pictures and, by a measured step of every network, the budgets.

        Args:
            on_probe: is told of every network that is measured, which can take seconds.

        Raises:
            DataError: nothing can be learnt from the pictures.
            ValueError: a budget is too small.
        """
        for job in self.agenda.trainings_left(self.store):
            check_entries(job.data.entries, job.recipe)
        self.costs.probe(self.agenda, self.store, self.device, on_probe)
        check_budgets(self.agenda, self.store, self.costs)

    def run(self) -> tuple[list[Path], bool]:
        """Do the jobs; the files written, and whether every job has its result."""
        settings = RunSettings(
            device=self.device,
            compile=self.compile,
            log_every=self.log_every,
            checkpoint_minutes=self.checkpoint_minutes,
        )
        with ProgressWatcher(on_stored=lambda: self._report(RunOutcome())) as watcher:
            runner = Runner(self.store, self.conditions, settings, self.costs, watcher)
            outcome = runner.run(self.agenda)
            for path in self.store.damaged():
                watcher.message(f"note: {path}: cannot be read, left out")
            written = self._report(outcome)
            if len(written) == 1:
                watcher.message("note: no score is of this size, budget, precision and data")
        return written, not outcome.stopped and not outcome.failures

    def _report(self, outcome: RunOutcome) -> list[Path]:
        """All rows in one file, and a report for every plan."""
        rows = self.store.rows()
        if not rows:
            return []
        written = [self.out / "rows.jsonl"]
        write_text(written[0], "".join(row.as_json() + "\n" for row in rows))
        own = self.conditions
        suite = Suite.of(self.size, str(own.budget), own.data.identity, own.precision)
        failures = {
            (line_of(job.method), (job.scale, job.qf, job.set.name)): outcome.failures[job.hash]
            for job in self.agenda.scorings
            if job.hash in outcome.failures
        }
        methods = {job.method for job in self.agenda.scorings}
        jobs = {job.hash for job in self.agenda.scorings}
        for results in group(rows, methods, jobs):
            if results.suite != suite:
                continue
            for plan in self.reports:
                missing = self.agenda.missing_sets
                body = report(plan, results, missing_sets=missing, failures=failures)
                written.append(self.out / f"{plan.name}.md")
                write_text(written[-1], whole_report(plan, results, body))
        return written

    def _line(self, job: Training | Scoring, needed: bool = True) -> str:
        if isinstance(job, Scoring):
            return f"{job}: {'done' if self.store.row(job) else 'missing'}"
        if self.store.record(job):
            state = "done"
        elif not needed:
            state = "not needed, its scores are known"
        else:
            step = self.store.begun(job)
            state = "missing" if step is None else f"goes on at step {step}"
        return f"{job}: {job.parameters:,} parameters, {job.budget}: {state}"
