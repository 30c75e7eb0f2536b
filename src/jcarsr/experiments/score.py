"""One method on one set -> a row that says what was spent on it."""

from __future__ import annotations

from dataclasses import replace

from jcarsr.engines.base import EngineOptions
from jcarsr.evaluation.rows import Row, Trial
from jcarsr.evaluation.run import evaluate
from jcarsr.experiments.jobs import Conditions, Scoring
from jcarsr.experiments.store import ResultStore
from jcarsr.methods.catalog import Context, find_method
from jcarsr.methods.chain import chain, save, share_scale
from jcarsr.methods.memory import Memory
from jcarsr.methods.method import Method
from jcarsr.progress import OnProgress, ignore_progress
from jcarsr.weights import read_record


def score(
    job: Scoring,
    store: ResultStore,
    conditions: Conditions,
    options: EngineOptions,
    memory: Memory,
    on_progress: OnProgress = ignore_progress,
) -> Row:
    """Score a method whose weights are all there, on whole pictures.

    `memory` spares chains that begin with the network of the chain before its results.

    Raises:
        WeightsError: weights are missing or damaged.
        DataError: the set cannot be read.
        ValueError: the device is not there, or the parts do not enlarge by the scale.
    """
    method = make_method(job, store, options, memory)
    (row,) = evaluate(
        [method],
        job.set.folder,
        scale=job.scale,
        histories=[job.history],
        on_progress=on_progress,
    )
    return replace(row, restorer=job.method, set=job.set.name, trial=_trial(job, store, conditions))


def make_method(job: Scoring, store: ResultStore, options: EngineOptions, memory: Memory) -> Method:
    """What restores: a network, or several with saves between, the first of them from memory.

    Raises:
        WeightsError, ValueError: as `score`.
    """
    paths = [part if isinstance(part, str) else store.weights_path(part) for part in job.parts]
    can_do = [(1 if isinstance(p, str) else read_record(p).facts.scale,) for p in paths]
    scales = share_scale(can_do, job.scale)
    if scales is None:
        raise ValueError(f"{job.method} does not enlarge by {job.scale}")
    methods = [
        save(part)
        if isinstance(part, str)
        else find_method(str(part), Context(scale=scale, options=options))
        for part, scale in zip(paths, scales, strict=True)
    ]
    return methods[0] if len(methods) == 1 else chain([memory.of(methods[0]), *methods[1:]])


def _trial(job: Scoring, store: ResultStore, conditions: Conditions) -> Trial:
    records = [read_record(store.weights_path(training)) for training in job.trainings]
    return Trial(
        job=job.hash,
        method=job.method,
        size=conditions.size,
        budget=str(conditions.budget),
        seed=job.seed,
        parameters=sum(source.parameters for source in job.sources),
        steps=sum(int(record.training["steps"]) for record in records),
        minutes=round(sum(float(record.training["minutes"]) for record in records), 1),
        device=", ".join(dict.fromkeys(str(record.training["device"]) for record in records)),
        precision=conditions.precision,
        data=conditions.data.identity,
    )
