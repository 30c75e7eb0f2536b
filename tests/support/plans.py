"""Plans of runs, for tests."""

from collections.abc import Mapping
from pathlib import Path

from jcarsr.batch.names import DEFAULT_NAME
from jcarsr.batch.plan import FileJob, Plan, plan_jobs
from jcarsr.restoring.outputs import Kind

BOTH: tuple[Kind, ...] = ("picture", "gradient")


def planned(
    inputs: list[Path],
    out: Path | None,
    *,
    size: str = "x2",
    format: str | None = None,
    name: str = DEFAULT_NAME,
    outputs: tuple[Kind, ...] = ("picture",),
    earlier: Mapping[str, Path] | None = None,
) -> Plan:
    """Plan a run; `earlier` are the sources of results that are there, by the results' paths."""

    def source_of(target: Path) -> str | None:
        source = (earlier or {}).get(str(target))
        return source and str(source)

    return plan_jobs(
        inputs, out, size=size, format=format, name=name, outputs=outputs, source_of=source_of
    )


def targets(plan: Plan) -> list[str]:
    return [str(job.target) for job in plan.jobs if isinstance(job, FileJob)]


def pairs(plan: Plan) -> set[tuple[str, str]]:
    return {(job.source.name, job.target.name) for job in plan.jobs if isinstance(job, FileJob)}


def touch(root: Path, *names: str) -> list[Path]:
    paths = [root / name for name in names]
    for path in paths:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"picture")
    return paths


def as_earlier(plan: Plan) -> dict[str, Path]:
    """What a run with a plan leaves, for `planned`."""
    return {str(job.target): job.source for job in plan.jobs if isinstance(job, FileJob)}
