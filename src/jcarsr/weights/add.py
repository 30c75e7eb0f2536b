"""Add to weights what further training has brought the weights they were started from.

As in Ilharco et al. 2023, "Editing models with task arithmetic".
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from jcarsr.errors import WeightsError
from jcarsr.weights.file import read, write


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
