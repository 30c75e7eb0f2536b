"""Weight files that are made of others."""

from pathlib import Path

from jcarsr.weights import read, write


def retrained(path: Path, out: Path) -> Path:
    """Write weights as if they had been trained on: of the same name, with another hash."""
    weights = read(path)
    bias = weights.tensors["sr_tail.bias"] + 1
    write(out, {**weights.tensors, "sr_tail.bias": bias}, weights.record)
    return out
