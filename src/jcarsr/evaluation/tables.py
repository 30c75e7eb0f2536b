"""Rows and the paper's numbers -> Markdown tables."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import TypeAlias

from jcarsr.evaluation.published import paper_jcarsr
from jcarsr.evaluation.rows import Row

_Score: TypeAlias = tuple[float, float, float | None, int]
"""PSNR, SSIM, NIQE where it was computed, and how many pictures equal their originals."""

EQUAL = "equal: results that equal their originals; PSNR is the mean over the others."
"""Stands below the tables where there are any."""
PAPER = "JCARSR, the paper (DIV2K)"


def tables(rows: Sequence[Row]) -> str:
    """The paper's tables, one a scale, then those of pictures saved more than once.

    Of rows that measure the same thing the last one counts. Weights of one name are different
    things: where a scale has several, the beginning of their hash stands with the name.
    """
    rows = _told_apart(rows)
    once = [row for row in rows if row.qf is not None]
    others = [row for row in rows if row.qf is None]
    parts = [paper_table(once, scale) for scale in sorted({row.scale for row in once})]
    parts += [history_table(others, scale) for scale in sorted({row.scale for row in others})]
    if any(row.equal for row in rows):
        parts.append(EQUAL)
    return "\n\n".join(parts)


def _told_apart(rows: Sequence[Row]) -> list[Row]:
    """The rows, with the beginning of the hash in the name of restorers that have several."""
    hashes: dict[tuple[int, str], set[str | None]] = {}
    for row in rows:
        hashes.setdefault((row.scale, row.restorer), set()).add(row.sha256)
    return [
        replace(row, restorer=f"{row.restorer} ({row.sha256[:12]})")
        if row.sha256 and len(hashes[row.scale, row.restorer]) > 1
        else row
        for row in rows
    ]


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
            line = [_cell((n.psnr, n.ssim, None, 0) if n else None) for n in paper]
            lines.append(f"| {name} | {PAPER} | " + " | ".join(line) + " |")
    return "\n".join(lines)


def history_table(rows: Sequence[Row], scale: int) -> str:
    """A line for each set and history, a column for each restorer.

    The highest PSNR and the highest SSIM are bold, all of them where several are printed alike.
    """
    cells = {(r.set, r.history, r.restorer): _score(r) for r in rows if r.scale == scale}
    restorers = list(dict.fromkeys(restorer for _, _, restorer in cells))
    lines = _head([f"x{scale}", "", *restorers])
    for name, history in dict.fromkeys((s, history) for s, history, _ in cells):
        scores = [cells.get((name, history, restorer)) for restorer in restorers]
        line = [_cell(score, best=_best(scores)) for score in scores]
        lines.append(f"| {name} | `{history}` | " + " | ".join(line) + " |")
    return "\n".join(lines)


def _head(titles: list[str]) -> list[str]:
    return ["| " + " | ".join(titles).replace("|  |", "| |") + " |", "|---" * len(titles) + "|"]


def _best(scores: Sequence[_Score | None]) -> tuple[str, str]:
    """The highest PSNR and SSIM, as they are printed."""
    found = [score for score in scores if score]
    return _decibels(max(score[0] for score in found)), f"{max(score[1] for score in found):.4f}"


def _score(row: Row) -> _Score:
    return row.psnr, row.ssim, row.niqe, row.equal


def _cell(score: _Score | None, best: tuple[str, str] = ("", "")) -> str:
    """PSNR / SSIM, / NIQE where it was computed; a dash for no score. The best are bold."""
    if score is None:
        return "-"
    psnr, ssim, niqe, equal = score
    printed = zip((_decibels(psnr), f"{ssim:.4f}"), best, strict=True)
    cell = " / ".join(f"**{text}**" if text == highest else text for text, highest in printed)
    cell += f" / {niqe:.2f}" if niqe is not None else ""
    return f"{cell} ({equal} equal)" if equal and psnr < math.inf else cell


def _decibels(psnr: float) -> str:
    return "equal" if psnr == math.inf else f"{psnr:.2f}"
