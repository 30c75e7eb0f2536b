"""Average weight files of one network, as between the stages of a training.

    python tools/average_weights.py A.safetensors B.safetensors --out MEAN.safetensors

Weights that descend from each other lie in one valley of the loss: their mean often scores better
than each (Wortsman et al. 2022, "Model soups"). Score it before it is used.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from tool_report import report

from jcarsr.weights.average import average


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
