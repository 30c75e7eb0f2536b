"""Average weight files of one network, as between the stages of a training.

    python tools/average_weights.py A.safetensors B.safetensors --out MEAN.safetensors

Weights that descend from each other lie in one valley of the loss: their mean often scores better
than each (Wortsman et al. 2022, "Model soups"). Score it before it is used.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from tool_report import report

from jcarsr.errors import WeightsError
from jcarsr.weights import read, write


def average(paths: Sequence[Path], out: Path) -> None:
    """Write the mean, with the last file's record: without its scores, but with all trainings.

    Args:
        paths: weight files, at least one.
        out: the file that is written.

    Raises:
        WeightsError: a file is missing or damaged, or two are not of the same network.
    """
    files = [read(path) for path in paths]
    last = files[-1].record
    for path, file in zip(paths, files, strict=True):
        if (file.record.architecture, file.record.config) != (last.architecture, last.config):
            raise WeightsError(f"{path}: not the network of {paths[-1]}")
    tensors = {
        name: np.mean([file.tensors[name].astype(np.float32) for file in files], axis=0)
        for name in files[-1].tensors
    }
    parts = [file.record.training | {"sha256": file.record.sha256} for file in files]
    write(out, tensors, replace(last, training={"mean_of": parts}, scores={}))


def main() -> int:
    """Average the files of the command line; gives the exit code."""
    parser = argparse.ArgumentParser(description="Average weight files of one network.")
    parser.add_argument("weights", type=Path, nargs="+")
    parser.add_argument("--out", type=Path, required=True)
    arguments = parser.parse_args()

    def run() -> Path:
        average(arguments.weights, arguments.out)
        return arguments.out

    return report(run)


if __name__ == "__main__":
    sys.exit(main())
