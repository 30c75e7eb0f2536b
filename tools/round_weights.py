"""Round a weight file's numbers to 8 significant bits, as bfloat16 has them.

    python tools/round_weights.py A.safetensors --out ROUNDED.safetensors

The file stays as large, but a wheel's compression leaves the zeros out: a fifth is saved. Score the
rounded file before it is bundled.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import numpy as np
import numpy.typing as npt
from tool_report import report

from jcarsr.weights import read, write

BITS = 8


def round_numbers(values: npt.NDArray[np.floating]) -> npt.NDArray[np.floating]:
    """The nearest numbers of `BITS` significant bits, of the same type; ties go to even ones."""
    mantissas, exponents = np.frexp(values.astype(np.float64))
    return np.ldexp(np.round(mantissas * 2**BITS), exponents - BITS).astype(values.dtype)


def main() -> int:
    """Round the file of the command line; gives the exit code."""
    parser = argparse.ArgumentParser(description="Round a weight file's numbers.")
    parser.add_argument("weights", type=Path)
    parser.add_argument("--out", type=Path, required=True)
    arguments = parser.parse_args()

    def run() -> Path:
        weights = read(arguments.weights)
        rounded = {name: round_numbers(values) for name, values in weights.tensors.items()}
        write(arguments.out, rounded, weights.record)
        return arguments.out

    return report(run)


if __name__ == "__main__":
    sys.exit(main())
