"""Results -> Markdown: ours, the difference and whether it is resolved, the paper's. No PyTorch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from statistics import fmean

from jcarsr.data.catalog import CATALOG
from jcarsr.evaluation.published import Published, published_number
from jcarsr.evaluation.rows import Row, Trial
from jcarsr.experiments.jobs import GIVEN
from jcarsr.experiments.plan import Contestant, ExperimentPlan
from jcarsr.experiments.results import Cell, Results
from jcarsr.experiments.seeds import RULE, Noise, is_resolved

_UNNAMED = "CPU"
"""What records of versions before 2026-11-27 say of any CPU."""


class Footnotes:
    """Numbered reasons for dashes."""

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}

    def dash(self, reason: str) -> str:
        """A cell without a value."""
        return f"- ({self._numbers.setdefault(reason, len(self._numbers) + 1)})"

    def lines(self) -> list[str]:
        """The reasons, as paragraphs."""
        return [f"({number}) {reason}" for reason, number in self._numbers.items()]


def report(
    plan: ExperimentPlan,
    results: Results,
    *,
    missing_sets: Mapping[str, str] | None = None,
    failures: Mapping[tuple[str, Cell], str] | None = None,
) -> str:
    """A table for each scale and quality factor that was begun, with notes below; no heading.

    Args:
        plan: what is compared.
        results: of one suite.
        missing_sets: set -> why it could not be scored.
        failures: (line, cell) -> why it has no score.
    """
    notes = Footnotes()
    writer = _Writer(plan, results, missing_sets or {}, failures or {}, notes)
    kinds = [(scale, qf) for scale in plan.scales for qf in plan.qfs]
    begun = [kind for kind in kinds if writer.is_begun(*kind)] or kinds
    parts = [writer.table(*kind) for kind in begun]
    if left := [f"x{scale} at QF {qf}" for scale, qf in kinds if (scale, qf) not in begun]:
        parts.append(f"Not run: {', '.join(left)}.")
    parts += [writer.seeds(), writer.machines(), *plan.notes, *notes.lines()]
    return "\n\n".join(part for part in parts if part)


class _Writer:
    def __init__(
        self,
        plan: ExperimentPlan,
        results: Results,
        missing_sets: Mapping[str, str],
        failures: Mapping[tuple[str, Cell], str],
        notes: Footnotes,
    ) -> None:
        self._plan, self._results, self._notes = plan, results, notes
        self._missing_sets, self._failures = missing_sets, failures

    def is_begun(self, scale: int, qf: int) -> bool:
        """Whether a line has a score there, or has failed to get one."""
        failed = any(cell[:2] == (scale, qf) for _, cell in self._failures)
        return failed or any(
            self._results.rows(self._key(one, scale), (scale, qf, name))
            for one in self._plan.lines(self._results.suite.size)
            for name in self._plan.sets
        )

    def table(self, scale: int, qf: int) -> str:
        """Four lines a contestant: ours, its difference to the reference, the same of the paper."""
        plan = self._plan
        head = [f"x{scale}, QF {qf}", "", "parameters", "steps", "minutes", "seeds", *plan.sets]
        lines = ["| " + " | ".join(head).replace("|  |", "| |") + " |", "|---" * len(head) + "|"]
        for contestant in plan.lines(self._results.suite.size):
            lines += self._contestant(contestant, scale, qf)
        return "\n".join(lines)

    def seeds(self) -> str:
        """The noise of seeds on each set."""
        plan = self._plan
        cells = [(x, qf, name) for x in plan.scales for qf in plan.qfs for name in plan.sets]
        found = [(cell, noise) for cell in cells if (noise := self._noise(cell))]
        if not found:
            return "The noise of seeds has not been measured, so no difference is resolved."
        words = [
            f"{name} x{scale} QF {qf} {noise.deviation:.3f} dB "
            f"({noise.freedom} degree{'s' * (noise.freedom != 1)} of freedom)"
            for (scale, qf, name), noise in found
        ]
        return f"Noise of a difference, s: {', '.join(words)}."

    def machines(self) -> str:
        """What minutes were counted on; nothing where steps were."""
        plan, size = self._plan, self._results.suite.size
        if not self._results.suite.in_minutes:
            return ""
        keys = {(self._key(one, x), x) for one in plan.lines(size) for x in plan.scales}
        trials = [trial for key in keys for trial in self._results.trials(*key)]
        devices = sorted({trial.device for trial in trials} - {"", _UNNAMED})
        text = f"Minutes of {devices[0]}." if devices else ""
        if len(devices) > 1:
            text = f"Minutes are not equal on different computers. Here: {'; '.join(devices)}."
        if any(trial.device == _UNNAMED for trial in trials):
            text += " Some records name no computer."
        return text.strip()

    @property
    def _reference(self) -> Contestant:
        return next(c for c in self._plan.contestants if c.label == self._plan.reference)

    def _key(self, contestant: Contestant, scale: int) -> str:
        return contestant.key(self._results.suite.size, scale, self._plan.qfs)

    def _noise(self, cell: Cell) -> Noise | None:
        return self._results.noise(cell)

    def _contestant(self, contestant: Contestant, scale: int, qf: int) -> list[str]:
        method = self._key(contestant, scale)
        trials = self._results.trials(method, scale)
        cells = [(scale, qf, name) for name in self._plan.sets]
        label = contestant.label + (" (ours)" if contestant.ours and self._plan.table else "")
        if trials and GIVEN in trials[0].method:
            label += " (weights given)"
        lines = [_line(label, "", _spent(trials), [self._ours(method, cell) for cell in cells])]
        if contestant.label != self._plan.reference:
            values = [self._difference(method, cell) for cell in cells]
            lines.append(_line("", f"less {self._plan.reference}", [""] * 4, values))
        if not contestant.ours:
            lines.append(
                _line("", "the paper", [""] * 4, self._numbers_published(contestant.label, cells))
            )
            if contestant.label != self._plan.reference:
                values = self._differences_published(contestant.label, cells)
                lines.append(_line("", "the paper's difference", [""] * 4, values))
        return lines

    def _ours(self, method: str, cell: Cell) -> str:
        rows = list(self._results.rows(method, cell).values())
        if not rows:
            return self._notes.dash(self._why(method, cell))
        return _score(rows)

    def _why(self, method: str, cell: Cell) -> str:
        name = cell[2]
        if name in self._missing_sets:
            return f"{name}: {self._missing_sets[name]}"
        if (method, cell) in self._failures:
            return f"{method}: {self._failures[method, cell]}"
        if not any(own[2] == name for _, own in self._results.scores):
            known = CATALOG.get(name)
            return f"{name}: was not at hand" + (f" ({known.licence})" if known else "")
        return "not run"

    def _difference(self, method: str, cell: Cell) -> str:
        reference = self._key(self._reference, cell[0])
        values = self._results.differences(method, reference, cell)
        if not values:
            return ""
        noise = self._noise(cell)
        if noise is None:
            words = "noise unknown"
        elif not is_resolved(values, noise):
            words = "not resolved"
        else:  # the sign of a single one has no second one beside it
            words = "resolved" + " (1 seed)" * (len(values) == 1)
        return f"{fmean(values):+.3f} {words}"

    def _numbers_published(self, label: str, cells: Sequence[Cell]) -> list[str]:
        numbers = [self._number(label, cell) for cell in cells]
        return [f"{n.psnr:.2f} / {n.ssim:.4f}" if n else "" for n in numbers]

    def _differences_published(self, label: str, cells: Sequence[Cell]) -> list[str]:
        pairs = [
            (self._number(label, cell), self._number(self._plan.reference, cell)) for cell in cells
        ]
        return [f"{a.psnr - b.psnr:+.2f}" if a and b else "" for a, b in pairs]

    def _number(self, label: str, cell: Cell) -> Published | None:
        return published_number(self._plan.table, label, *cell)


def _score(rows: Sequence[Row]) -> str:
    """Mean PSNR and SSIM, and half the range of PSNR over the seeds."""
    psnr = [row.psnr for row in rows]
    spread = f" ± {(max(psnr) - min(psnr)) / 2:.3f}" if len(rows) > 1 else ""
    return f"{fmean(psnr):.2f}{spread} / {fmean(row.ssim for row in rows):.4f}"


def _spent(trials: Sequence[Trial]) -> list[str]:
    """Parameters, the mean steps and minutes of a seed, and how many seeds there are."""
    if not trials:
        return ["-"] * 4
    count = trials[0].parameters
    parameters = "-" if count is None else f"{count:,}"
    steps, minutes = (fmean(getattr(t, name) for t in trials) for name in ("steps", "minutes"))
    return [parameters, f"{steps:,.0f}", f"{minutes:.1f}", str(len(trials))]


def _line(label: str, kind: str, spent: Sequence[str], values: Sequence[str]) -> str:
    cells = [label, kind, *spent, *values]
    return "|" + "|".join(f" {cell} " if cell else " " for cell in cells) + "|"


def whole_report(plan: ExperimentPlan, results: Results, body: str) -> str:
    """A report as a file of its own: heading, what was done, the rule, the tables."""
    number = f"Table {plan.table}" if plan.table else "Not of the paper"
    intro = (
        f"# {number}: {plan.title}\n\n{results.suite.title}. PSNR in dB / SSIM on Y, mean over the "
        f"seeds ± half their range.\n\n{RULE}"
    )
    return f"{intro}\n\n{body}\n"
