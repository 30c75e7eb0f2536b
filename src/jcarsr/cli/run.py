"""What `jcarsr restore` does with its plan."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from typing import TYPE_CHECKING

from jcarsr.batch.ledger import Ledger, Planned, as_text
from jcarsr.batch.ledgers import earlier_entries
from jcarsr.batch.plan import FileJob, Plan, Refused
from jcarsr.batch.shard import Shard
from jcarsr.cli.report import Report
from jcarsr.errors import JCARSRError
from jcarsr.partfile import remove_dead_parts
from jcarsr.progress import sum_of_threads
from jcarsr.restoring.networks import Networks
from jcarsr.restoring.settings import Settings

if TYPE_CHECKING:
    from jcarsr.restoring.outcome import Outcome


def run_plan(
    plan: Plan,
    networks: Sequence[Networks],
    settings: Settings,
    report: Report,
    *,
    overwrite: bool,
    adopt: bool,
    lock: bool,
    shard: Shard,
    decode_seconds: float,
    send: Callable[[Outcome], Outcome] | None,
) -> bool:
    """Do every job and report it; True if every input has its result now.

    Args:
        plan: the jobs.
        networks: what restores, the same for each device.
        settings: how.
        report: is entered and left.
        overwrite: files of other origin may be replaced.
        adopt: results that the ledger does not know are entered.
        lock: the ledger is locked.
        shard: whose part the plan is.
        decode_seconds: for decoding one file.
        send: passes a result on and returns its outcome; None = results stay where they are.
    """
    from jcarsr.batch.pipeline import run_jobs
    from jcarsr.batch.worker import LedgerWorker
    from jcarsr.restoring.reading import TimedReader

    with ExitStack() as stack:
        ledger = None
        if plan.folder is not None:
            earlier = stack.enter_context(earlier_entries(plan.folder, shard, lock=lock))
            ledger = Ledger(plan.folder, lock=lock, shard=shard, earlier=earlier)
            stack.enter_context(ledger)
            ledger.begin(_plan_entry(job, ledger) for job in plan.jobs)
        else:  # results stand among other files
            for folder in {job.target.parent for job in plan.jobs if isinstance(job, FileJob)}:
                remove_dead_parts(folder)
        reader = TimedReader(decode_seconds, settings.read.max_pixels)
        worker = LedgerWorker(
            networks[0],
            settings,
            ledger,
            others=networks[1:],
            on_lost=lambda error: report.note(f"{error}; other devices go on without it"),
            overwrite=overwrite,
            adopt=adopt,
            reader=reader,
        )
        stack.enter_context(report)
        for note in plan.notes:
            report.note(note)
        outcomes = run_jobs(worker, plan.jobs, sum_of_threads(report.on_tile))
        stack.callback(outcomes.close)  # waits for what is being written
        stack.enter_context(reader)  # left first: what is being read is not waited for
        try:
            for outcome in outcomes:
                report.add(outcome if send is None else send(outcome))
        except JCARSRError as error:  # the disk is full, the ledger cannot be written
            report.stopped(str(error))
    return report.summary()


def _plan_entry(job: FileJob | Refused, ledger: Ledger) -> Planned:
    """Return what the ledger enters before the job begins."""
    source = as_text(str(job.source))
    if isinstance(job, Refused):
        return Planned(source, None, as_text(job.reason))
    return Planned(source, ledger.key(job.target))
