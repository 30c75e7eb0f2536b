"""What `jcarsr restore` and `batch` print: every file, for people and as JSON, and the sums."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeRemainingColumn,
)

from jcarsr.cli.shell import say
from jcarsr.cli.text import on_one_line, printable
from jcarsr.progress import OnTile

if TYPE_CHECKING:
    from jcarsr.restoring.outcome import Outcome


class Report:
    """Print every file, on the terminal and as JSON, and count them.

    Args:
        total: how many there are.
        as_json: a line each on standard output, too.
        output: as for `say`.
    """

    def __init__(self, total: int, as_json: bool, output: TextIO | None = None) -> None:
        self._total, self._as_json, self._output = total, as_json, output
        self._counts = {"done": 0, "skipped": 0, "adopted": 0, "failed": 0}
        self._failures: list[str] = []
        self._megapixels = 0.0
        self._console = Console(stderr=True, highlight=False, markup=False, soft_wrap=True)
        self._progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.fields[rate]}"),
            TimeRemainingColumn(),
            console=self._console,
            transient=True,
            disable=not self._console.is_terminal,
        )
        self._files: TaskID = self._progress.add_task("pictures", total=total, rate="")
        self._tiles: TaskID = self._progress.add_task("tiles", total=None, rate="")
        self.on_tile: OnTile = self._on_tile

    def __enter__(self) -> Report:
        self._progress.start()
        return self

    def __exit__(self, *exc: object) -> None:
        self._progress.stop()

    def note(self, text: str) -> None:
        """Print what is worth knowing and no failure."""
        self._console.print(f"note: {on_one_line(text)}")

    def add(self, outcome: Outcome) -> None:
        """One file is finished with."""
        self._counts[outcome.state] += 1
        source = printable(outcome.source)
        if outcome.error is not None:
            failure = f"{source}: {on_one_line(outcome.error)}"
            self._failures.append(failure)
            self._console.print(f"error: {failure}")
        elif outcome.state == "done" and outcome.target is not None:
            self._console.print(f"{source} -> {printable(outcome.target)}")
        for note in outcome.notes:
            self._console.print(f"note: {source}: {on_one_line(note)}")
        if outcome.size is not None:
            self._megapixels += outcome.size[0] * outcome.size[1] / 1e6
        if self._as_json:
            say(json.dumps(_as_dictionary(outcome)), self._output)
        elapsed = self._progress.tasks[0].elapsed
        rate = f"{self._megapixels / elapsed:.2f} MP/s" if elapsed else ""
        self._progress.update(self._files, advance=1, rate=rate)

    def stopped(self, reason: str) -> None:
        """The run cannot go on."""
        reason = on_one_line(reason)
        self._failures.append(reason)
        self._console.print(f"error: {reason}")

    def summary(self) -> bool:
        """The last lines; True if every input has its result."""
        left = self._total - sum(self._counts.values())
        if self._total > 1 or left or self._counts["skipped"] or self._counts["adopted"]:
            parts = [f"{self._counts['done']} restored"]
            parts += [f"{self._counts['skipped']} unchanged"] if self._counts["skipped"] else []
            parts += [f"{self._counts['adopted']} adopted"] if self._counts["adopted"] else []
            parts += [f"{self._counts['failed']} failed"] if self._counts["failed"] else []
            parts += [f"{left} not tried"] if left else []
            self._console.print(f"{', '.join(parts)}, of {self._total}")
            if len(self._failures) > 1:
                self._console.print("failed:")
                for failure in self._failures:
                    self._console.print(f"  {failure}")
        return not self._failures and not left

    def _on_tile(self, done: int, total: int) -> None:
        self._progress.update(self._tiles, completed=done, total=total)


def _as_dictionary(outcome: Outcome) -> dict[str, object]:
    said = {name: value for name, value in vars(outcome).items() if value not in (None, ())}
    if outcome.support is not None:
        said["support"] = asdict(outcome.support)
    return {name: str(v) if isinstance(v, Path) else v for name, v in said.items()}
