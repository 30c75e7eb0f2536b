from pathlib import Path

from support.jobs import Make

from jcarsr.web.job import Job
from jcarsr.web.tasks import Restore


def test_kind_is_what_time_depends_on(make: Make) -> None:
    one, other = make(0), make(1, scale=4)
    assert one.kind != other.kind
    gradient = Restore(source="", result="", scale=2, weights="auto", output="gradient")
    assert Job(task=gradient, folder=Path(), pixels=1).kind != one.kind
