"""Words and facts that networks, weight files and engines share. Imports nothing of the package."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias, cast, get_args

Output: TypeAlias = Literal["sr", "lr", "gradient"]
"""What is asked of a network: the enlarged picture, the input without artifacts, the edges."""

Reading: TypeAlias = Literal["tables"]
"""What a network reads of its input's last save: the steps of its quantisation tables."""

Scale: TypeAlias = Literal[1, 2, 4]
"""Size of a result over that of its input; 1 = artifacts are removed and the size stays."""

SCALES: tuple[Scale, ...] = get_args(Scale)

SCALES_TEXT = f"{', '.join(map(str, SCALES[:-1]))} or {SCALES[-1]}"
"""The scales as messages name them."""

NetworkScale: TypeAlias = Literal[2, 4]
"""What networks enlarge by."""

NETWORK_SCALES: tuple[NetworkScale, ...] = get_args(NetworkScale)

EngineName: TypeAlias = Literal["auto", "onnx", "openvino", "torch"]
"""The library that computes; auto: see `jcarsr.engines.select`."""

Device: TypeAlias = Literal["auto", "cpu", "cuda", "mps"]
"""Where it computes; auto takes a GPU if there is one."""

Precision: TypeAlias = Literal["auto", "float32", "bfloat16", "int8"]
"""In what it computes; auto takes bfloat16 where that is quicker and within a level of float32.

int8 is for the convolutions that the network names, in graphs calibrated for the weights.
"""

TrainingPrecision: TypeAlias = Literal["auto", "float32", "bfloat16"]
"""In what products are computed in training; weights and sums are float32."""


_MOST_FLOATS = 2**24
"""An input pixel: 64 MiB; the paper's networks hold a thousandth of that."""
_LARGEST_TILE = 2**16


@dataclass(frozen=True, kw_only=True)
class NetworkFacts:
    """What an engine must know of a network without building it; stored in its weight file.

    Raises:
        ValueError: a value that no network has; the message quotes it.
    """

    scale: int
    """Of sr and gradient; lr keeps the input's size."""
    outputs: tuple[Output, ...]
    """With sr; of a network of scale 1, which only cleans: lr alone."""
    reads: tuple[Reading, ...] = ()
    """As well as the pixels."""
    int8_outputs: tuple[Output, ...] = ()
    """Those with convolutions for which 8 bits are enough."""
    floats_per_pixel: Mapping[str, int]
    """output -> float32 values held at the peak an input pixel."""
    largest_tile: int | None = None
    """Side for which that holds; None = any."""

    def __post_init__(self) -> None:
        if type(self.scale) is not int or self.scale not in SCALES:
            raise ValueError(f"scale must be {SCALES_TEXT}, got {self.scale!r}")
        for name in ("outputs", "int8_outputs"):
            if not set(getattr(self, name)) <= set(get_args(Output)):
                raise ValueError(f"{name} must be of sr, lr, gradient, got {getattr(self, name)!r}")
        if self.scale == 1 and self.outputs != ("lr",):
            raise ValueError(f"outputs of scale 1 must be lr alone, got {self.outputs!r}")
        if (self.scale > 1 and "sr" not in self.outputs) or not (
            set(self.int8_outputs) <= set(self.outputs)
        ):
            raise ValueError(f"outputs must hold sr and int8_outputs, got {self.outputs!r}")
        if not set(self.reads) <= set(get_args(Reading)):
            raise ValueError(f"reads must be of tables, got {self.reads!r}")
        held: Any = self.floats_per_pixel
        if not isinstance(held, Mapping):
            raise ValueError(f"floats_per_pixel must be numbers by output, got {held!r:.40}")
        said = cast(Mapping[Any, Any], held)
        for output in dict.fromkeys((*self.outputs, *said)):
            floats = said.get(output)
            if output not in get_args(Output) or type(floats) is not int or floats < 1:
                raise ValueError(
                    f"floats_per_pixel of {output} must be positive, got {floats!r:.40}"
                )
            if floats > _MOST_FLOATS:
                raise ValueError(f"floats_per_pixel of {output} must be {_MOST_FLOATS} at most")
        most = self.largest_tile
        if most is not None and (type(most) is not int or not 1 <= most <= _LARGEST_TILE):
            raise ValueError(f"largest_tile must be a positive integer, got {most!r:.40}")

    @classmethod
    def from_json(cls, fields: Mapping[str, Any]) -> NetworkFacts:
        """The facts as a weight file stores them.

        Raises:
            TypeError, ValueError: a field is missing, unknown or of a wrong kind.
        """
        changed: dict[str, Any] = dict(fields)
        for name in {"outputs", "int8_outputs", "reads"} & changed.keys():
            changed[name] = tuple(changed[name])
        return cls(**changed)

    @property
    def picture_output(self) -> Output:
        """The restored picture: sr of networks that enlarge, lr of those that only clean."""
        return "lr" if self.scale == 1 else "sr"

    @property
    def restoring_outputs(self) -> tuple[Output, ...]:
        """What pictures are restored with: of networks that enlarge not lr, which helps sr."""
        return tuple(name for name in self.outputs if name in (self.picture_output, "gradient"))

    def output_scale(self, output: Output) -> int:
        """Size of an output over that of the input."""
        return 1 if output == "lr" else self.scale

    def bytes_per_pixel(self, output: Output) -> int:
        """Memory of the network at its peak for each pixel of its input, an upper estimate."""
        return 4 * self.floats_per_pixel[output]
