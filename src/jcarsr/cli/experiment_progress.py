"""How `jcarsr experiment` shows a run: a bar, or lines."""

from __future__ import annotations

from collections.abc import Callable
from types import TracebackType

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn

from jcarsr.evaluation.rows import Row
from jcarsr.experiments.cost import TimeLeft
from jcarsr.experiments.jobs import Scoring, Training
from jcarsr.experiments.run import Watcher
from jcarsr.training.report import StepReport


def duration(seconds: float) -> str:
    """A time in words.

    >>> duration(59), duration(3700), duration(-2)
    ('1 min', '1 h 2 min', '0 min')
    """
    minutes = max(0, round(seconds / 60))
    hours, rest = divmod(minutes, 60)
    return f"{hours} h {rest} min" if hours else f"{rest} min"


def words_of(time: TimeLeft) -> str:
    """A time left in words.

    >>> words_of(TimeLeft(59, at_least=False)), words_of(TimeLeft(3700, at_least=True))
    ('1 min', 'at least 1 h 2 min')
    """
    return f"{'at least ' * time.at_least}{duration(time.seconds)}"


class ProgressWatcher(Watcher):
    """Shows a run: a bar where there is a terminal, a line for every log elsewhere.

    Args:
        on_stored: called when a score is stored.
    """

    def __init__(self, on_stored: Callable[[], object]) -> None:
        self._on_stored = on_stored
        self._console = Console(stderr=True, highlight=False, markup=False, soft_wrap=True)
        columns = (TextColumn("{task.description}"), BarColumn())
        self._progress = Progress(*columns, console=self._console)
        self._task: TaskID = self._progress.add_task("", total=1.0)
        self._left: TimeLeft | None = None
        self._what = ""

    def __enter__(self) -> ProgressWatcher:
        if self._console.is_terminal:
            self._progress.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._progress.stop()

    def begin(self, job: Training | Scoring, done: int, total: int) -> None:
        """A job begins."""
        self._what = f"{done + 1}/{total} {job}"
        self._update(self._what, 0.0)
        if not self._console.is_terminal:
            self.message(self._what)

    def bank(self, done: int, total: int) -> None:
        """Pictures are prepared."""
        self._update(f"{self._what}: preparing pictures", done / total)

    def step(self, report: StepReport) -> None:
        """A logged step."""
        text = (
            f"{self._what}: step {report.step}, loss {report.losses['loss']:.5f}, "
            f"{100 * report.spent:.0f} %{self._left_words()}"
        )
        self._update(text, report.spent)
        if not self._console.is_terminal:
            self.message(text)

    def scored(self, done: int, total: int) -> None:
        """Pictures are scored."""
        self._update(f"{self._what}{self._left_words()}", done / total)

    def stored(self, row: Row) -> None:
        """A score is stored."""
        self._on_stored()

    def left(self, time: TimeLeft) -> None:
        """All that is left."""
        self._left = time

    def stopped(self, step: int) -> None:
        """A signal asked to stop within a training."""
        self.message(f"stopped at step {step}; the same command goes on")

    def message(self, text: str) -> None:
        """One line for the user."""
        self._console.print(text)

    def _left_words(self) -> str:
        return "" if self._left is None else f", {words_of(self._left)} left in all"

    def _update(self, text: str, share: float) -> None:
        self._progress.update(self._task, description=text, completed=share)
