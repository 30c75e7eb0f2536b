"""Restoring files in tests, with and without the pipeline."""

import hashlib
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from jcarsr.batch.ledger import Ledger
from jcarsr.batch.pipeline import run_jobs
from jcarsr.batch.plan import FileJob, plan_jobs
from jcarsr.batch.worker import LedgerWorker
from jcarsr.errors import JCARSRError
from jcarsr.pixels import Pixels
from jcarsr.restoring.file import Outcome
from jcarsr.restoring.outputs import Kind
from jcarsr.restoring.settings import Settings
from jcarsr.restoring.target import Target

X2 = Settings(target=Target(scale=2))


def finished(worker: LedgerWorker, job: FileJob) -> Outcome:
    """All three steps, as the pipeline takes them."""
    try:
        step = worker.read(job)
        if isinstance(step, Outcome):
            return step
        return worker.write(worker.restore(step, lambda done, total: None))
    except JCARSRError as error:
        return worker.record_failure(job, error)


def file_sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def result_pixels(path: Path) -> Pixels:
    with Image.open(path) as image:
        return np.array(image)


def restored(
    inputs: Path, out: Path, networks: Any, outputs: tuple[Kind, ...] = ("picture",)
) -> list[Outcome]:
    settings = replace(X2, outputs=outputs)
    plan = plan_jobs([inputs], out, size="x2", format=None, outputs=outputs)
    with Ledger(out) as ledger:
        return list(run_jobs(LedgerWorker(networks, settings, ledger), plan.jobs))
