"""Add to weights what further training has brought the weights they were started from.

    python tools/add_training.py X4 --before X2-OLD --after X2-NEW --out START

All are weight files; START = X4 + (X2-NEW - X2-OLD) wherever name and shape agree (Ilharco et al.
2023, "Editing models with task arithmetic"). Unlike `jcarsr train --init X4 --init X2` it keeps
what X4 has learnt for itself. A start for more training, which may score lower than X4 does.
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
from tool_report import report

from jcarsr.errors import WeightsError
from jcarsr.weights import read, write


def add_training(path: Path, before: Path, after: Path, out: Path) -> tuple[int, int]:
    """Write path + (after - before), with the record of `path` but without its scores.

    The difference is added wherever a name and its shape are in all three.

    Args:
        path: a weight file, of any scale.
        before: weights that it was started from, or others like them.
        after: these, trained on.
        out: the file that is written.

    Returns:
        how many tensors were changed, and how many there are.

    Raises:
        WeightsError: a file is missing or damaged, or no tensor is in all three.
    """
    own, old, new = read(path), read(before), read(after)
    tensors = {name: values.astype(np.float32) for name, values in own.tensors.items()}
    changed = [
        name
        for name, values in tensors.items()
        if name in old.tensors and name in new.tensors
        if values.shape == old.tensors[name].shape == new.tensors[name].shape
    ]
    if not changed:
        raise WeightsError(f"{path}: has no tensor in common with {before} and {after}")
    for name in changed:
        tensors[name] += new.tensors[name].astype(np.float32) - old.tensors[name]
    files = {"weights": own, "before": old, "after": new}
    parts = {
        key: file.record.training | {"sha256": file.record.sha256} for key, file in files.items()
    }
    write(out, tensors, replace(own.record, training={"sum_of": parts}, scores={}))
    return len(changed), len(tensors)


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
