"""Plans of runs, for tests."""

from pathlib import Path

from jcarsr.batch.plan import DEFAULT_NAME, FileJob, Plan, plan_jobs
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
) -> Plan:
    return plan_jobs(inputs, out, size=size, format=format, name=name, outputs=outputs)


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
