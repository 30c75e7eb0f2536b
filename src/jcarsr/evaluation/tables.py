"""Rows and the paper's numbers -> Markdown tables."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path

from jcarsr.errors import DataError
from jcarsr.evaluation.published import paper_jcarsr
from jcarsr.evaluation.rows import Row
from jcarsr.partfile import being_written

BEGIN = "<!-- results: written by `make tables`, do not edit -->"
END = "<!-- end of results -->"
PAPER = "JCARSR, the paper (DIV2K)"


def tables(rows: Sequence[Row]) -> str:
    """The paper's tables, one a scale, then those of pictures saved more than once.

    Of rows that measure the same thing the last one counts.
    """
    once = [row for row in rows if row.qf is not None]
    others = [row for row in rows if row.qf is None]
    parts = [paper_table(once, scale) for scale in sorted({row.scale for row in once})]
    parts += [history_table(others, scale) for scale in sorted({row.scale for row in others})]
    return "\n\n".join(parts)


def paper_table(rows: Sequence[Row], scale: int) -> str:
    """A line for each set and restorer, a column for each quality factor.

    Cells are PSNR in dB / SSIM, and NIQE where rows hold it. The paper's JCARSR follows where its
    Table 4 knows the set.
    """
    cells = {(r.set, r.restorer, r.qf): _score(r) for r in rows if r.scale == scale}
    sets = dict.fromkeys(name for name, _, _ in cells)
    qfs = sorted({qf for _, _, qf in cells if qf is not None})
    lines = _head([f"x{scale}", "", *(f"QF {qf}" for qf in qfs)])
    for name in sets:
        for restorer in dict.fromkeys(restorer for s, restorer, _ in cells if s == name):
            line = [_cell(cells.get((name, restorer, qf))) for qf in qfs]
            lines.append(f"| {name} | {restorer} | " + " | ".join(line) + " |")
        paper = [paper_jcarsr(name, scale, qf) for qf in qfs]
        if any(paper):
            line = [_cell((number.psnr, number.ssim, None) if number else None) for number in paper]
            lines.append(f"| {name} | {PAPER} | " + " | ".join(line) + " |")
    return "\n".join(lines)


def history_table(rows: Sequence[Row], scale: int) -> str:
    """A line for each set and history, a column for each restorer, the highest PSNR in bold."""
    cells = {
        (r.set, r.history, r.restorer): (r.psnr, r.ssim, r.niqe) for r in rows if r.scale == scale
    }
    restorers = list(dict.fromkeys(restorer for _, _, restorer in cells))
    lines = _head([f"x{scale}", "", *restorers])
    for name, history in dict.fromkeys((s, history) for s, history, _ in cells):
        scores = [cells.get((name, history, restorer)) for restorer in restorers]
        best = max(score[0] for score in scores if score)
        line = [f"**{_cell(s)}**" if s and s[0] == best else _cell(s) for s in scores]
        lines.append(f"| {name} | `{history}` | " + " | ".join(line) + " |")
    return "\n".join(lines)


def replace_between_markers(path: Path, text: str) -> None:
    """Write `text` between the two marker lines of a Markdown file.

    The file is replaced by a whole new one, of the same permissions, or stays as it is.

    Raises:
        DataError: the file cannot be read or written, or has no such markers.
    """
    try:
        path = path.resolve(strict=True)  # the file that a link leads to is the one to replace
        page = path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "not UTF-8"
        raise DataError(f"{path}: cannot be read ({reason})") from error
    before, begin, rest = page.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise DataError(f"{path}: has no lines {BEGIN!r} and {END!r}")
    try:
        with being_written(path, lambda part: shutil.copymode(path, part)) as file:
            file.write(f"{before}{BEGIN}\n\n{text}\n\n{END}{after}".encode())
    except OSError as error:
        raise DataError(f"{path}: cannot be written ({error.strerror})") from error


def _head(titles: list[str]) -> list[str]:
    return ["| " + " | ".join(titles).replace("|  |", "| |") + " |", "|---" * len(titles) + "|"]


def _score(row: Row) -> tuple[float, float, float | None]:
    return row.psnr, row.ssim, row.niqe


def _cell(score: tuple[float, float, float | None] | None) -> str:
    """PSNR / SSIM, / NIQE where it was computed; a dash for no score."""
    if score is None:
        return "-"
    psnr, ssim, niqe = score
    return f"{psnr:.2f} / {ssim:.4f}" + (f" / {niqe:.2f}" if niqe is not None else "")
