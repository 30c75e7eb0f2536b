"""Add to weights what further training has brought the weights they were started from.

    python tools/add_training.py X4 --before X2-OLD --after X2-NEW --out START

All are weight files; START = X4 + (X2-NEW - X2-OLD) wherever name and shape agree (Ilharco et al.
2023, "Editing models with task arithmetic"). Unlike `jcarsr train --init X4 --init X2` it keeps
what X4 has learnt for itself. A start for more training, which may score lower than X4 does.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from tool_report import report

from jcarsr.weights.add import add_training


def main() -> int:
    """Add the difference that the command line names; gives the exit code."""
    parser = argparse.ArgumentParser(description="Add another training to a weight file.")
    parser.add_argument("weights", type=Path)
    parser.add_argument("--before", type=Path, required=True)
    parser.add_argument("--after", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    arguments = parser.parse_args()

    def run() -> str:
        changed, total = add_training(
            arguments.weights, arguments.before, arguments.after, arguments.out
        )
        return f"{arguments.out}: {changed} of {total} tensors changed"

    return report(run)


if __name__ == "__main__":
    sys.exit(main())
