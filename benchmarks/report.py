"""Rows -> the tables of docs/speed.md and its plot.

    python benchmarks/report.py benchmarks/speed.jsonl --into docs/speed.md --plot docs/speed.svg

Only ratios are stated, never seconds: those belong to one machine.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from statistics import median
from typing import Any

from matplotlib import rcParams
from matplotlib.figure import Figure

from jcarsr.evaluation.markers import replace_between_markers

Row = dict[str, Any]
QFS, SETS = (10, 20, 40, 80), ("Set5", "Set14")


def main() -> None:
    """Write both."""
    parser = argparse.ArgumentParser(description="Write the report.")
    parser.add_argument("rows", type=Path)
    parser.add_argument("--into", type=Path, required=True)
    parser.add_argument("--plot", type=Path, required=True)
    arguments = parser.parse_args()
    rows = [json.loads(line) for line in arguments.rows.read_text("utf-8").splitlines()]
    write(rows, arguments.into, arguments.plot)


def write(rows: list[Row], into: Path, plot_file: Path) -> None:
    """The tables between the marks of a Markdown file, and the plot."""
    kinds = _by_instructions(rows)
    texts = [f"**{name}**\n\n{_tables(own)}" for name, own in kinds.items()]
    replace_between_markers(into, "\n\n".join(texts))
    of_each = [_of(own, "sizes") for own in kinds.values()]
    plot(max(of_each, key=len), plot_file)  # on the processor where most sizes were measured


def _by_instructions(rows: list[Row]) -> dict[str, list[Row]]:
    """The rows of each kind of processor, the kind measured first before the others."""
    kinds = dict.fromkeys(row["instructions"] for row in rows)
    return {kind: [row for row in rows if row["instructions"] == kind] for kind in kinds}


def _tables(rows: list[Row]) -> str:
    """A table for each case that was measured."""
    measured = {row["case"] for row in rows}
    return "\n\n".join(table(rows) for case, table in TABLES.items() if case in measured)


def network_table(rows: list[Row]) -> str:
    """The bare networks."""
    cells = [
        (
            row["network"],
            row["contestant"],
            f"{row['ratio_to_eager']:.2f}",
            f"{100 * row['share_of_matrix_rate']:.0f} %",
        )
        for row in _of(rows, "network")
    ]
    head = (
        "network, 256x256",
        "computed by",
        "time, of eager PyTorch's",
        "of the matrix product's",
    )
    return _markdown(head, cells)


def pictures_table(rows: list[Row]) -> str:
    """Against waifu2x."""
    cells = [
        (
            row["contestant"],
            f"{row['ratio_to_cunet']:.2f}",
            f"{row['ratio_to_photo']:.2f}",
            *(" / ".join(f"{row['psnr'][f'{s} QF {q}']:.2f}" for q in QFS) for s in SETS),
        )
        for row in _of(rows, "pictures")
    ]
    qualities = " / ".join(map(str, QFS))
    head = (
        "file to file, x2",
        "time, of cunet's",
        "of photo's",
        *(f"{name}, dB at QF {qualities}" for name in SETS),
    )
    return _markdown(head, cells)


def start_table(rows: list[Row]) -> str:
    """Starting the command."""
    cells = [(r["contestant"], f"{r['ratio_to_torch']:.2f}") for r in _of(rows, "start")]
    return _markdown(("the whole command, 64x64", "time, of the PyTorch engine's"), cells)


def folder_table(rows: list[Row]) -> str:
    """A folder of small files."""
    cells = [
        (str(r["files"]), r["contestant"], f"{100 * r['throughput_of_bare_network']:.0f} %")
        for r in _of(rows, "folder")
    ]
    return _markdown(("small JPEGs", "computed by", "throughput, of the bare network's"), cells)


def memory_table(rows: list[Row]) -> str:
    """One megapixel at x4."""
    cells = [(r["contestant"], _gib(r)) for r in _of(rows, "memory")]
    return _markdown(("1 megapixel, x4, lite", "peak of the whole process"), cells)


def sizes_table(rows: list[Row]) -> str:
    """The largest input against 0.4 megapixels, from which on pictures have several tiles."""
    found = {(r["network"], r["contestant"], r["megapixels"]): r for r in _of(rows, "sizes")}
    cells: list[tuple[str, ...]] = []
    for network, contestant in sorted({key[:2] for key in found}):
        small, large = (found.get((network, contestant, size)) for size in (0.4, 25))
        if not small or not large:
            continue
        slower = (median(large["seconds"]) / 25) / (median(small["seconds"]) / 0.4)
        cells.append((network, contestant, f"{slower:.2f}", *(_gib(row) for row in (small, large))))
    head = (
        "25 megapixels, x2",
        "computed by",
        "time a megapixel, of 0.4 megapixels'",
        "peak at 0.4 megapixels",
        "at 25",
    )
    return _markdown(head, cells)


TABLES = {
    "network": network_table,
    "pictures": pictures_table,
    "start": start_table,
    "folder": folder_table,
    "memory": memory_table,
    "sizes": sizes_table,
}
"""Case -> its table, in the order in which they are printed."""


def plot(rows: list[Row], path: Path) -> None:
    """Time (of the smallest input's, for each line) and memory against megapixels."""
    figure = Figure(figsize=(9, 3.6), layout="constrained")
    time_axes, memory_axes = figure.add_subplot(1, 2, 1), figure.add_subplot(1, 2, 2)
    lines = sorted({(row["network"], row["contestant"]) for row in rows})
    reference = max(median(row["seconds"]) / row["megapixels"] for row in rows)
    for network, contestant in lines:
        own = [r for r in rows if (r["network"], r["contestant"]) == (network, contestant)]
        own.sort(key=lambda row: row["megapixels"])
        sizes, label = [row["megapixels"] for row in own], f"{network}, {contestant}"
        rates = [median(row["seconds"]) / row["megapixels"] / reference for row in own]
        time_axes.plot(sizes, rates, "o-", label=label)
        memory_axes.plot(sizes, [row["peak_bytes"] / 2**30 for row in own], "o-", label=label)
    for axes, title in (
        (time_axes, "time a megapixel, of the slowest's"),
        (memory_axes, "peak, GiB"),
    ):
        axes.set(xscale="log", xlabel="megapixels of the input", title=title)
        axes.grid(alpha=0.3)
    time_axes.set(yscale="log")
    memory_axes.set_ylim(bottom=0)
    memory_axes.legend(fontsize="small")
    rcParams["svg.hashsalt"] = "jcarsr"  # the same rows make the same file
    figure.savefig(path, metadata={"Date": None})


def _of(rows: list[Row], case: str) -> list[Row]:
    """The newest rows of a case, each contestant's once (for every size)."""
    own = [row for row in rows if row["case"] == case]
    newest = {(row.get("network"), row["contestant"], row.get("megapixels")): row for row in own}
    return list(newest.values())


def _gib(row: Row) -> str:
    return f"{row['peak_bytes'] / 2**30:.2f} GiB"


def _markdown(head: tuple[str, ...], cells: list[tuple[str, ...]]) -> str:
    lines = [head, ("---",) * len(head), *cells]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


if __name__ == "__main__":
    main()
