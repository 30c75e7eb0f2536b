from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from contextlib import ExitStack
from dataclasses import asdict, replace
from itertools import count
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch

from jcarsr.errors import DataError, TrainingError
from jcarsr.evaluation.rows import read_rows
from jcarsr.experiments import cost as cost_module
from jcarsr.experiments import run as run_module
from jcarsr.experiments.agenda import Agenda, make_agenda
from jcarsr.experiments.cost import Costs, TimeLeft, check_budgets, step_seconds
from jcarsr.experiments.jobs import Budget, Conditions, Scoring, Training
from jcarsr.experiments.plan import ExperimentPlan, jcarsr
from jcarsr.experiments.run import Runner, RunOutcome, RunSettings, Watcher
from jcarsr.experiments.store import ResultStore
from jcarsr.training import clock as clock_module
from jcarsr.training.options import RunOptions
from jcarsr.training.report import Reporter, StepReport
from jcarsr.weights import read

pytestmark = [
    pytest.mark.usefixtures("tiny_presets", "two_held_out"),
    pytest.mark.filterwarnings("default"),  # the engine warns of its own matters
]


class Log(Watcher):
    def __init__(self) -> None:
        self.jobs: list[str] = []
        self.texts: list[str] = []
        self.times: list[TimeLeft] = []

    def left(self, time: TimeLeft) -> None:
        self.times.append(time)

    def begin(self, job: Training | Scoring, done: int, total: int) -> None:
        self.jobs.append(f"{done}/{total} {type(job).__name__}")

    def message(self, text: str) -> None:
        self.texts.append(text)


def do(
    agenda: Agenda, store: ResultStore, conditions: Conditions, log: Log | None = None
) -> RunOutcome:
    settings = RunSettings(device="cpu", compile=False, log_every=1, checkpoint_minutes=0)
    return Runner(store, conditions, settings, Costs(), log or Log()).run(agenda)


@pytest.fixture
def agenda(plan: ExperimentPlan, conditions: Conditions, sets: Path) -> Agenda:
    return make_agenda([plan], conditions, seeds=1, sets=[sets])


def test_every_job_is_done_once_and_rows_say_what_was_spent(
    agenda: Agenda, conditions: Conditions, tmp_path: Path
) -> None:
    store, log = ResultStore(tmp_path / "out"), Log()
    assert do(agenda, store, conditions, log) == RunOutcome()
    assert log.jobs == ["0/4 Training", "1/4 Scoring", "2/4 Training", "3/4 Scoring"]
    rows = store.rows()
    assert len(rows) == 2
    for job in agenda.scorings:
        row = store.row(job)
        assert row is not None
        assert row.trial is not None
        assert (row.set, row.qf, row.restorer) == ("Set5", 10, job.method)
        assert (row.trial.seed, row.trial.steps, row.trial.budget) == (job.seed, 2, "2 steps")
        assert row.sha256 == read(store.weights_path(job.trainings[0])).record.sha256
    assert len({row.sha256 for row in rows}) == 2
    again = Log()
    assert do(agenda, store, conditions, again) == RunOutcome()
    assert again.jobs == []
    first, second = (job.hash for job in agenda.scorings)
    known = {row.trial.job: row for row in rows if row.trial}
    elsewhere, log = ResultStore(tmp_path / "other", {first: known[first]}), Log()
    assert do(agenda, elsewhere, conditions, log) == RunOutcome()
    assert log.jobs == ["2/4 Training", "3/4 Scoring"]  # one is not needed
    assert {row.trial.job for row in elsewhere.rows() if row.trial} == {first, second}
    assert len(elsewhere.rows()) == 2


def test_a_failure_costs_only_what_needs_it(
    agenda: Agenda, conditions: Conditions, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    train = run_module.train

    def fail(recipe: object, *arguments: object) -> Path:
        if recipe == agenda.trainings[0].recipe:
            raise TrainingError("loss became nan")
        return train(recipe, *arguments)  # pyright: ignore

    monkeypatch.setattr(run_module, "train", fail)
    store, log = ResultStore(tmp_path / "out"), Log()
    outcome = do(agenda, store, conditions, log)
    assert outcome.failures[agenda.scorings[0].hash] == "loss became nan"
    assert len(store.rows()) == 1
    assert sum("loss became nan" in text for text in log.texts) == 1


def test_an_error_of_pytorch_is_the_networks_unless_the_device_is_dead(
    agenda: Agenda, conditions: Conditions, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = "CUDA out of memory. Tried to allocate 2 GiB.\nMore of it."

    def fail(*arguments: object) -> Path:
        raise RuntimeError(said)

    monkeypatch.setattr(run_module, "train", fail)
    monkeypatch.setattr(cost_module, "loss_terms", fail)
    store, costs = ResultStore(tmp_path / "out"), Costs()
    outcome = do(agenda, store, conditions)
    reasons = [outcome.failures[job.hash] for job in agenda.scorings]
    assert reasons == ["CUDA out of memory. Tried to allocate 2 GiB."] * 2
    costs.probe(agenda, store, "cpu")
    assert costs.left(agenda.jobs_left(store), store) == TimeLeft(0, at_least=True)
    said = "CUDA error: an illegal memory access was encountered"
    with pytest.raises(RuntimeError, match="illegal"):
        do(agenda, store, conditions)
    with pytest.raises(RuntimeError, match="illegal"):
        costs.probe(agenda, store, "cpu")


def test_what_another_process_does_is_waited_for_and_that_is_said(
    agenda: Agenda, conditions: Conditions, tmp_path: Path
) -> None:
    store, training = ResultStore(tmp_path / "out"), agenda.trainings[0]
    with ExitStack() as other:

        class Wait(Log):
            def message(self, text: str) -> None:
                super().message(text)
                if text.startswith("waiting"):
                    other.close()

        log = Wait()
        assert other.enter_context(store.lock(training, wait=False))
        assert do(agenda, store, conditions, log) == RunOutcome()
    assert [text for text in log.texts if "validation" not in text] == [
        f"waiting for another process: {training}"
    ]
    assert len(store.rows()) == 2


def test_pictures_that_cannot_be_used_cost_one_attempt(
    agenda: Agenda, conditions: Conditions, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    attempts: list[object] = []

    def fail(recipe: object, *arguments: object) -> Path:
        attempts.append(recipe)
        raise DataError("a.png: truncated")

    monkeypatch.setattr(run_module, "train", fail)
    store, log = ResultStore(tmp_path / "out"), Log()
    outcome = do(agenda, store, conditions, log)
    assert len(attempts) == 1
    assert [outcome.failures[job.hash] for job in agenda.scorings] == ["a.png: truncated"] * 2
    assert len(log.texts) == 1


def test_a_damaged_score_is_made_anew(
    agenda: Agenda, conditions: Conditions, tmp_path: Path
) -> None:
    store = ResultStore(tmp_path / "out")
    do(agenda, store, conditions)
    first = agenda.scorings[0]
    path = store.folder / "rows" / f"{first.hash}.json"
    path.write_text(path.read_text()[:50])
    other = store.folder / "rows" / "0123456789ab.json"
    other.write_text("[")
    assert store.damaged() == sorted([path, other])
    assert len(store.rows()) == 1
    log = Log()
    assert do(agenda, store, conditions, log) == RunOutcome()
    assert log.jobs == ["3/4 Scoring"]
    assert store.damaged() == [other]
    assert len(store.rows()) == 2


@pytest.mark.parametrize("steps", [2, 3], ids=["in the last step", "before"])
def test_sigterm_ends_the_run_and_the_rest_is_done_later(
    plan: ExperimentPlan, conditions: Conditions, sets: Path, tmp_path: Path, steps: int
) -> None:
    class Stop(Log):
        def step(self, report: StepReport) -> None:
            if report.step == 1:
                os.kill(os.getpid(), signal.SIGTERM)

    longer = replace(conditions, budget=Budget(steps=steps))
    agenda = make_agenda([plan.only(("ISRB",))], longer, seeds=1, sets=[sets])
    store, (training,) = ResultStore(tmp_path / "out"), agenda.trainings
    assert do(agenda, store, longer, Stop()).stopped
    assert store.rows() == []
    assert (store.record(training) is not None) == (steps == 2)
    assert store.begun(training) == (None if steps == 2 else 2)
    assert do(agenda, store, longer) == RunOutcome()
    assert len(store.rows()) == 1


@pytest.mark.parametrize("budget", [Budget(minutes=5), Budget(steps=3)])
def test_minutes_of_a_cpu_are_those_of_its_work(
    budget: Budget,
    plan: ExperimentPlan,
    conditions: Conditions,
    sets: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked: list[RunOptions] = []

    def train(recipe: object, options: RunOptions, *rest: object) -> None:
        asked.append(options)
        raise TrainingError("enough is known")

    monkeypatch.setattr(run_module, "train", train)
    given = replace(conditions, budget=budget)
    agenda = make_agenda([plan], given, seeds=1, sets=[sets])
    assert do(agenda, ResultStore(tmp_path / "out"), given).failures
    assert {options.max_minutes for options in asked} == {budget.minutes}
    assert {options.processor_minutes for options in asked} == {budget.minutes is not None}


def test_too_small_a_budget_for_a_decay_is_refused(
    plan: ExperimentPlan, conditions: Conditions, sets: Path, tmp_path: Path
) -> None:
    small = replace(conditions, budget=Budget(steps=1))
    store, costs = ResultStore(tmp_path / "out"), Costs()
    with pytest.raises(
        ValueError, match=r"1 step of tiny\S*: too few for its learning rate to fall, 2"
    ):
        check_budgets(make_agenda([plan], small, seeds=1, sets=[sets]), store, costs)

    def with_minutes(minutes: float) -> Agenda:
        given = replace(conditions, budget=Budget(minutes=minutes))
        return make_agenda([plan], given, seeds=1, sets=[sets])

    short = with_minutes(1e-9)
    check_budgets(short, store, costs)  # nothing is known of its steps
    costs.probe(short, store, "cpu")
    with pytest.raises(ValueError, match=r"1e-09 minutes, 0 steps of tiny.*too few") as refused:
        check_budgets(short, store, costs)
    # so many are enough for all of them
    enough = float(str(refused.value).split()[-4])
    check_budgets(with_minutes(enough), store, costs)
    with pytest.raises(ValueError, match="too few"):
        check_budgets(with_minutes(enough / 2), store, costs)


@pytest.mark.parametrize(("budget", "seconds"), [(Budget(minutes=5), 1.5), (Budget(steps=3), 2)])
def test_steps_are_measured_by_the_clock_that_counts_the_budget(
    budget: Budget,
    seconds: float,
    plan: ExperimentPlan,
    conditions: Conditions,
    sets: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    work, clock = count(step=3), count(step=2)  # seconds of two threads together, and on the wall
    monkeypatch.setattr(clock_module, "time", SimpleNamespace(process_time=lambda: next(work)))
    monkeypatch.setattr(cost_module, "time", SimpleNamespace(perf_counter=lambda: next(clock)))
    monkeypatch.setattr(torch, "get_num_threads", lambda: 2)
    asked = replace(conditions, budget=budget)
    job = make_agenda([plan], asked, seeds=1, sets=[sets]).trainings[0]
    assert step_seconds(job, "cpu") == seconds


def test_what_is_left_is_known_after_a_probe_and_a_score(agenda: Agenda, tmp_path: Path) -> None:
    store, costs = ResultStore(tmp_path / "out"), Costs()
    jobs = agenda.jobs_left(store)
    assert [type(job) for job in jobs] == [Training] * 2 + [Scoring] * 2
    assert costs.left(jobs, store) == TimeLeft(0, at_least=True)
    costs.probe(agenda, store, "cpu")
    assert costs.left(jobs, store).at_least
    seconds, at_least = costs.left(agenda.trainings_left(store), store)
    assert (seconds > 0, at_least) == (True, False)
    for took in (20, 40):
        costs.learn_score(agenda.scorings[0], took)
    assert costs.left(jobs, store) == TimeLeft(seconds + 60, at_least=False)


def test_what_is_left_of_a_training_goes_by_its_own_pace(
    agenda: Agenda, conditions: Conditions, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """600 seconds before the first report; then a fifth of the budget in 20, a tenth in 40."""
    clock = iter((0, 600, 620, 660))

    def train(recipe: object, options: object, reporter: Reporter, *banks: object) -> None:
        for spent in (0.1, 0.3, 0.4):
            reporter.step(StepReport(1, spent, 1, 1, 1, 1, 1, {"loss": 1.0}))
        reporter.stopped(3)

    monkeypatch.setattr(run_module, "train", train)
    monkeypatch.setattr(run_module, "time", SimpleNamespace(perf_counter=lambda: next(clock)))
    log = Log()
    assert do(agenda, ResultStore(tmp_path / "out"), conditions, log).stopped
    assert [time.seconds for time in log.times] == pytest.approx([0, 70, 120])
    assert all(time.at_least for time in log.times)


def test_minutes_of_the_processor_are_more_on_the_wall(conditions: Conditions) -> None:
    costs, budget = Costs(), Budget(minutes=2)
    for own, seconds in [(budget, 300), (budget.on("cuda", "A GPU"), 120)]:
        job = replace(conditions, budget=own).training(jcarsr(), 2, (10,), 0)
        costs.learn_waiting(job, 300.0)
        assert costs.seconds(job) == seconds


SCRIPT = """
import sys
from dataclasses import replace
from jcarsr.experiments import catalog
from jcarsr.networks import catalog as networks
from jcarsr.experiments.plan import Contestant, ExperimentPlan, PlannedNetwork
from jcarsr.training import recipes
from jcarsr.training.schedule import Cosine

config = dict(scale=2, channels=8, num_groups=2, sr_blocks=1, jcar_blocks=1)
own = dict(networks.ARCHITECTURES["jcarsr"].parameters)
parts = []
for name, more in (("tiny", {}), ("tiny-isrb", dict(jcar=False, gradient=False))):
    networks.PRESETS[name] = networks.Preset("jcarsr", {**config, **more})
    own[name] = 1000
    parts.append(PlannedNetwork(name=name, lite=name))
networks.ARCHITECTURES["jcarsr"] = replace(networks.ARCHITECTURES["jcarsr"], parameters=own)
recipes.RECIPES["compare"] = replace(
    recipes.RECIPES["compare"], schedule=Cosine(warmup_steps=1), batch_size=1, patch_size=16
)
catalog.PLANS["table6"] = ExperimentPlan(
    name="table6", table=6, title="Two", reference="ISRB + GGB + CARB", sets=("Set5",),
    contestants=(
        Contestant(label="ISRB", parts=(parts[1],)),
        Contestant(label="ISRB + GGB + CARB", parts=(parts[0],)),
    ),
)
from jcarsr.cli import main
main()
"""


def command(small_pictures: Path, sets: Path, out: Path) -> list[str]:
    return [
        *(sys.executable, "-c", SCRIPT, "experiment", "table6", "--steps", "9", "--seeds", "2"),
        *("--data", str(small_pictures), "--sets", str(sets), "--out", str(out)),
        *("--device", "cpu", "--log-every", "1", "--checkpoint-minutes", "0"),
    ]


@pytest.mark.slow
def test_killed_runs_go_on_and_end_with_the_rows_of_one_that_was_not(
    small_pictures: Path, sets: Path, tmp_path: Path
) -> None:
    """SIGKILL within a training of each seed, then once to the end."""
    whole, parts = tmp_path / "whole", tmp_path / "parts"
    result = subprocess.run(command(small_pictures, sets, whole), capture_output=True, text=True)
    assert result.returncode == 0, result.stderr
    for seed in (0, 1):
        pattern = f"runs/*-s{seed}-*/checkpoints/step-*[3-9]"
        child = subprocess.Popen(
            command(small_pictures, sets, parts), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
        )
        deadline = time.monotonic() + 300
        while not list(parts.glob(pattern)) and child.poll() is None:
            assert time.monotonic() < deadline
            time.sleep(0.01)
        child.kill()
        child.communicate()
        assert child.returncode == -signal.SIGKILL  # in the middle
    result = subprocess.run(command(small_pictures, sets, parts), capture_output=True, text=True)
    assert result.returncode == 0, result.stderr
    assert "measuring a step of" in result.stderr
    assert "resumed at step" in result.stderr
    rows = [read_rows([folder / "rows.jsonl"]) for folder in (whole, parts)]
    for one, other in zip(*rows, strict=True):
        assert one.trial is not None
        assert other.trial is not None
        same = replace(other.trial, minutes=one.trial.minutes)
        assert asdict(one) == asdict(replace(other, trial=same))
