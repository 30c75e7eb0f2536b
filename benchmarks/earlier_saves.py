"""How often an earlier save is found in pictures of known history, and seen where there is none.

    python benchmarks/earlier_saves.py FOLDER_OR_TAR ... --rows rows.jsonl --into docs/choice.md

Every original is shrunk by 2 or 4, a part of at most 400 pixels is cut out, and histories drawn by
its number are applied to it: single saves, pairs of qualities on one grid and on two, the fixed
histories of the second benchmark, and draws of the training distribution.
"""

from __future__ import annotations

import argparse
import json
import random
from collections.abc import Iterator, Sequence
from pathlib import Path
from shutil import copymode
from typing import Any

import numpy as np

from jcarsr.data.sources import list_pictures
from jcarsr.degradation.draw import Once, Web
from jcarsr.degradation.history import History, parse_history
from jcarsr.degradation.pipeline import low_resolution
from jcarsr.degradation.web_set import WEB_SET
from jcarsr.jpeg.earlier_save import find_earlier_save
from jcarsr.partfile import being_written
from jcarsr.pixels import Pixels, crop_to_multiple

ONCE = (5, 10, 20, 30, 40, 50, 60, 70, 75, 80, 85, 90, 95, 98)
FIRST = (10, 20, 30, 40, 50, 60, 70)
LAST = (60, 75, 85, 90, 98)
BEGIN, END = "<!-- earlier saves -->\n", "<!-- end -->"


def main() -> None:
    """Make the pictures, judge them, write rows and table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("sources", nargs="+", type=Path)
    parser.add_argument("--rows", required=True, type=Path, help="JSON lines, written anew")
    parser.add_argument("--into", type=Path, help="a Markdown file whose table is replaced")
    parser.add_argument("--most", type=int, help="originals of each source")
    asked = parser.parse_args()
    if asked.into and not {BEGIN.strip(), END} <= set(asked.into.read_text("utf-8").splitlines()):
        parser.error(f"--into {asked.into}: has no lines {BEGIN.strip()!r} and {END!r}")
    rows = [
        row
        for source in asked.sources
        for entry in list_pictures([source])[: asked.most]
        for row in judge(entry.pixels(), f"{source.name}/{Path(entry.name).name}")
    ]
    write_whole(asked.rows, "".join(json.dumps(row) + "\n" for row in rows))
    text = table(rows)
    print(text)
    if asked.into:
        before, _, rest = asked.into.read_text("utf-8").partition(BEGIN)
        write_whole(asked.into, f"{before}{BEGIN}{text}{rest[rest.index(END) :]}")


def write_whole(path: Path, text: str) -> None:
    """Replace a file by a whole new one of the same permissions; after an error it is as before."""
    with being_written(path, lambda part: copymode(path, part) if path.exists() else None) as file:
        file.write(text.encode())


def judge(hr: Pixels, name: str) -> Iterator[dict[str, Any]]:
    """A row for every history of one original."""
    rng = random.Random(name)
    scale = rng.choice((2, 4))
    side = scale * rng.choice((64, 96, 128, 200, 256, 320, 400))
    top, left = (max(size - side, 0) // 2 for size in hr.shape[:2])
    hr = np.ascontiguousarray(crop_to_multiple(hr[top : top + side, left : left + side], scale))
    lr = low_resolution(hr, scale, exact=False)
    for group, history in histories(rng, scale, name):
        try:
            lq = history(hr, lr)
        except ValueError:
            continue  # shrinks by more than this original allows
        found = find_earlier_save(lq, history.last_save)
        yield {
            "picture": name,
            "size": lq.shape[:2],
            "group": group,
            "history": str(history),
            "found": found is not None,
            "moved": found is not None and found.moved,
            "shift": found and found.shift,
            "qf": found and found.qf,
            "evidence": found and round(found.evidence, 2),
        }


def histories(rng: random.Random, scale: int, seed: str) -> Iterator[tuple[str, History]]:
    """(group, history) of one original."""
    for qf in rng.sample(ONCE, 4):
        yield f"once, QF {qf}", parse_history(f"jpeg{qf}")
    yield "once, 4:4:4", parse_history(f"jpeg{rng.choice(ONCE)}/444")
    yield "never saved, PNG", parse_history("png")
    yield "never saved, enlarged, PNG", parse_history(f"resize{rng.choice((1.5, 2))}>png")
    yield "once, enlarged before", parse_history(f"resize2>jpeg{rng.choice(ONCE)}")
    for _ in range(6):
        first, last = rng.choice(FIRST), rng.choice(LAST)
        shift = rng.choice([(y, x) for y in range(8) for x in range(8) if y or x])
        word = f"jpeg{first}+{shift[0]},{shift[1]}>jpeg{last}"
        yield f"moved {first} {last}", parse_history(word)
    for _ in range(2):
        first, last = rng.choice(FIRST), rng.choice(LAST)
        yield f"same {first} {last}", parse_history(f"jpeg{first}>jpeg{last}")
    for history in WEB_SET:
        yield f"`{history}`", history
    for history in Web(once=Once(qfs=(50,), share_444=0), repeated=3).draw(scale, seed)[1:]:
        yield "draws of `Web`", history


def table(rows: Sequence[dict[str, Any]]) -> str:
    """Rates as Markdown: other grids by pairs of qualities, one grid by pairs, then the others."""
    originals = _count(rows, "never saved, PNG")  # one of each
    parts = [f"{len(rows):,} made pictures of {originals} originals.\n"]
    for kind, title in (("moved", "another grid"), ("same", "the same grid")):
        parts.append(f"Saved twice, the first on {title}: found, % (rows: first QF; columns: last)")
        lines = [f"| |{'|'.join(f' {last} ' for last in LAST)}|", "|---" * (len(LAST) + 1) + "|"]
        for first in FIRST:
            cells = [_percent(rows, f"{kind} {first} {last}", kind == "moved") for last in LAST]
            lines.append(f"| {first} | {' | '.join(cells)} |")
        parts.append("\n".join(lines) + "\n")
    groups = dict.fromkeys(row["group"] for row in rows)
    others = [group for group in groups if not group.startswith(("moved", "same"))]
    lines = ["| history | pictures | found, % | found on another grid, % |", "|---|---|---|---|"]
    lines += [
        f"| {group} | {_count(rows, group)} | {_percent(rows, group, False)} "
        f"| {_percent(rows, group, True)} |"
        for group in sorted(others, key=_order)
    ]
    return "\n".join([*parts, *lines, ""])


def _order(group: str) -> tuple[int, int, str]:
    qf = group.removeprefix("once, QF ")
    kinds = ("once, QF", "once", "never", "`", "draws")
    kind = next(n for n, start in enumerate(kinds) if group.startswith(start))
    return kind, int(qf) if qf.isdigit() else 0, group


def _count(rows: Sequence[dict[str, Any]], group: str) -> int:
    return sum(row["group"] == group for row in rows)


def _percent(rows: Sequence[dict[str, Any]], group: str, moved: bool) -> str:
    hits = [row["moved" if moved else "found"] for row in rows if row["group"] == group]
    return f"{100 * sum(hits) / len(hits):.0f}" if hits else ""


if __name__ == "__main__":
    main()
