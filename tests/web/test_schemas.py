from pathlib import Path

import pytest

from jcarsr.web.job import Job, State
from jcarsr.web.jobs import Jobs
from jcarsr.web.limits import Limits
from jcarsr.web.metrics import Metrics
from jcarsr.web.problems import Problem
from jcarsr.web.schemas import job_view
from jcarsr.web.tasks import Restore


@pytest.fixture
def jobs() -> Jobs:
    return Jobs([], Limits(keep_seconds=60), Metrics())


@pytest.fixture
def job(tmp_path: Path) -> Job:
    task = Restore(source="", result=str(tmp_path / "result.webp"), scale=2, weights="auto")
    return Job(task=task, folder=tmp_path, pixels=1)


def test_a_job_that_waits(jobs: Jobs, job: Job) -> None:
    jobs.add(job)
    assert job_view(job, jobs).model_dump(mode="json") == {
        "id": job.id,
        "state": "queued",
        "position": 0,
        "progress": 0.0,
        "eta_seconds": None,
        "seconds": 0.0,
        "result": None,
        "problem": None,
        "expires_seconds": None,
    }


def test_a_job_that_is_done(jobs: Jobs, job: Job) -> None:
    size = {"width": 4, "height": 3, "scale": 2, "bytes": 5}
    job.end(answer={**size, "weights": "w", "notes": ["n"]})
    said = job_view(job, jobs)
    assert (said.state, said.progress, said.problem) == (State.done, 1, None)
    assert said.expires_seconds == pytest.approx(60, abs=5)
    assert said.result is not None
    assert said.result.model_dump(mode="json") == {
        **size,
        "format": "webp",
        "media_type": "image/webp",
        "frames": None,
        "weights": "w",
        "notes": ["n"],
        "strength": 1.0,
        "crisp": 0.0,
        "support": None,
    }


def test_a_job_that_failed(jobs: Jobs, job: Job) -> None:
    job.end(Problem(413, "too large"))
    said = job_view(job, jobs)
    assert (said.state, said.result) == (State.failed, None)
    assert said.problem is not None
    assert (said.problem.status, said.problem.detail) == (413, "too large")
