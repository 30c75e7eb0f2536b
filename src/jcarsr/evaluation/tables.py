"""Rows and the paper's numbers -> Markdown tables."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from jcarsr.errors import DataError
from jcarsr.evaluation.published import paper_jcarsr
from jcarsr.evaluation.rows import Row

BEGIN = "<!-- results: written by `make tables`, do not edit -->"
END = "<!-- end of results -->"
PAPER = "JCARSR, the paper (DIV2K)"


def tables(rows: Sequence[Row]) -> str:
    """One table a scale: a line for each set and restorer, a column for each quality factor.

    Cells are PSNR in dB / SSIM. Of rows that measure the same thing the last one counts. The
    paper's JCARSR follows where its Table 4 knows the set.
    """
    return "\n\n".join(_table(rows, scale) for scale in sorted({row.scale for row in rows}))


def replace_between_markers(path: Path, text: str) -> None:
    """Write `text` between the two marker lines of a Markdown file.

    Raises:
        DataError: the file has no such markers.
    """
    page = path.read_text("utf-8")
    before, begin, rest = page.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise DataError(f"{path}: has no lines {BEGIN!r} and {END!r}")
    path.write_text(f"{before}{BEGIN}\n\n{text}\n\n{END}{after}", "utf-8")


def _table(rows: Sequence[Row], scale: int) -> str:
    cells = {(r.set, r.restorer, r.qf): (r.psnr, r.ssim) for r in rows if r.scale == scale}
    sets = list(dict.fromkeys(name for name, _, _ in cells))
    qfs = sorted({qf for _, _, qf in cells})
    lines = [
        f"| x{scale} | | " + " | ".join(f"QF {qf}" for qf in qfs) + " |",
        "|---" * (2 + len(qfs)) + "|",
    ]
    for name in sets:
        restorers = dict.fromkeys(restorer for s, restorer, _ in cells if s == name)
        for restorer in restorers:
            line = [_cell(cells.get((name, restorer, qf))) for qf in qfs]
            lines.append(f"| {name} | {restorer} | " + " | ".join(line) + " |")
        paper = [paper_jcarsr(name, scale, qf) for qf in qfs]
        if any(paper):
            line = [_cell((number.psnr, number.ssim) if number else None) for number in paper]
            lines.append(f"| {name} | {PAPER} | " + " | ".join(line) + " |")
    return "\n".join(lines)


def _cell(score: tuple[float, float] | None) -> str:
    return f"{score[0]:.2f} / {score[1]:.4f}" if score else "-"
