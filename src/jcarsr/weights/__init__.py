"""Weight files and the weights that the package brings. Imports no PyTorch."""

from jcarsr.weights.bundled import (
    PRETRAINED,
    bundled_names,
    crisp_name,
    default_name,
    find,
    lasting_name,
    web_name,
    weights_name,
)
from jcarsr.weights.file import Tensors, Weights, read, read_record, tensors_hash, write
from jcarsr.weights.record import Record, check_output

__all__ = [
    "PRETRAINED",
    "Record",
    "Tensors",
    "Weights",
    "bundled_names",
    "check_output",
    "crisp_name",
    "default_name",
    "find",
    "lasting_name",
    "read",
    "read_record",
    "tensors_hash",
    "web_name",
    "weights_name",
    "write",
]
