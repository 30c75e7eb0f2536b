"""Write the tables of faithful and crisp pictures from the rows of crisp.py and letters.py.

    python benchmarks/crisp_report.py results/crisp --into docs/crisp.md

The folder holds rows.jsonl, and letters.json.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from jcarsr.evaluation.markers import replace_between_markers

Row = Mapping[str, Any]


def table(rows: Sequence[Row]) -> Iterator[str]:
    """The lines of one table for each set, scale and history, in the order of the rows."""
    groups: dict[tuple[str, int, str], list[Row]] = {}
    for row in rows:
        groups.setdefault((row["set"], row["scale"], row["history"]), []).append(row)
    for (name, scale, history), own in groups.items():
        yield f"{name} x{scale}, `{history}`"
        yield ""
        yield "| method | PSNR, dB | SSIM | NIQE | outside, % | time |"
        yield "|---|---|---|---|---|---|"
        for row in own:
            natural = "-" if row["niqe"] is None else f"{row['niqe']:.1f}"
            time = "-" if row["time"] is None else f"{row['time']:.3f}"
            yield (
                f"| {row['method']} | {row['psnr']:.2f} | {row['ssim']:.4f} | {natural} "
                f"| {100 * row['outside']:.1f} | {time} |"
            )
        yield ""


def letter_table(counts: Mapping[str, Mapping[str, Mapping[str, int]]]) -> Iterator[str]:
    """The lines of a table: letters changed or lost of those that can be read, for each size."""
    sizes = list(next(iter(counts.values())))
    yield f"| letters changed or lost | {' | '.join(f'{size} px' for size in sizes)} | all |"
    yield f"|---|{'---|' * (len(sizes) + 1)}"
    for name, own in counts.items():
        wrong = [own[size]["changed"] + own[size]["lost"] for size in sizes]
        of = [sum(own[size].values()) for size in sizes]
        cells = [f"{w} of {n}" for w, n in zip(wrong, of, strict=True)]
        yield f"| {name} | {' | '.join(cells)} | {sum(wrong)} of {sum(of)} |"


def main() -> None:
    """Replace the tables of a document."""
    parser = argparse.ArgumentParser(description="Write the tables of crisp pictures.")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--into", type=Path, required=True)
    arguments = parser.parse_args()
    rows = [
        json.loads(line)
        for line in (arguments.folder / "rows.jsonl").read_text("utf-8").splitlines()
    ]
    letters = json.loads((arguments.folder / "letters.json").read_text("utf-8"))
    lines = [*table(rows), *letter_table(letters)]
    replace_between_markers(arguments.into, "\n".join(lines))


if __name__ == "__main__":
    main()
