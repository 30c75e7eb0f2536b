"""Measure the speed: rows are appended to a file, a report is made of them.

    python benchmarks/run.py --set5 data/Set5 --set14 data/Set14 --rows benchmarks/speed.jsonl

Rivals are installed into an environment of their own next to this file. Ratios are of things timed
in turns in one run; another machine gives other ratios.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from datetime import date
from pathlib import Path

from cases import CASES, NETWORKS, SIZES, Means
from machine import describe


def main() -> None:
    """Run the cases that are asked for."""
    parser = argparse.ArgumentParser(description="Measure the speed.")
    parser.add_argument("cases", nargs="*", metavar="case", help=f"of {', '.join(CASES)}")
    parser.add_argument("--set5", type=Path, help="needed by `pictures`")
    parser.add_argument("--set14", type=Path, help="needed by `pictures`")
    parser.add_argument("--rows", type=Path, required=True, help="file to append to")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument(
        "--networks", nargs="+", default=NETWORKS, choices=NETWORKS, help="of `sizes`"
    )
    parser.add_argument("--megapixels", type=float, nargs="+", help="of `sizes`")
    parser.add_argument("--quick", action="store_true", help="fewer rounds, files and sizes")
    arguments = parser.parse_args()
    unknown = set(arguments.cases) - set(CASES)
    if unknown:
        parser.error(f"no such case: {', '.join(unknown)}")
    sets = [path for path in (arguments.set5, arguments.set14) if path]
    wanted = arguments.cases or list(CASES)
    if "pictures" in wanted and len(sets) < 2:
        parser.error("pictures needs --set5 and --set14")
    about = {"date": date.today().isoformat(), **describe(arguments.threads)}
    with tempfile.TemporaryDirectory() as folder:
        means = Means(
            threads=arguments.threads,
            folder=Path(folder),
            sets=sets,
            quick=arguments.quick,
            networks=arguments.networks,
            megapixels=arguments.megapixels or (SIZES[:5] if arguments.quick else SIZES),
        )
        for name in wanted:
            for row in CASES[name](means):
                line = json.dumps(row | about)
                print(line, flush=True)
                with arguments.rows.open("a", encoding="utf-8") as file:
                    file.write(line + "\n")


if __name__ == "__main__":
    main()
