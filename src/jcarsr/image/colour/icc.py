"""Colour profiles made from primaries and a curve (ICC.1:2010, profile version 4.2)."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

Doubles = npt.NDArray[np.float64]
Chromaticities = tuple[float, float, float, float, float, float, float, float]
"""x and y of white, red, green and blue (CIE 1931)."""

D65_SRGB: Chromaticities = (0.3127, 0.3290, 0.64, 0.33, 0.30, 0.60, 0.15, 0.06)
"""Of sRGB and BT.709."""

_D50 = np.array([0.9642, 1.0, 0.8249])
_BRADFORD = np.array(
    [[0.8951, 0.2664, -0.1614], [-0.7502, 1.7135, 0.0367], [0.0389, -0.0685, 1.0296]]
)
_ONE = 65536  # of an s15Fixed16Number


@dataclass(frozen=True)
class Curve:
    """Light from stored values, both from 0 to 1: (a x + b)^gamma from `d` on, c x below."""

    gamma: float
    a: float = 1.0
    b: float = 0.0
    c: float = 0.0
    d: float = 0.0

    def light(self, values: Doubles) -> Doubles:
        """The light of values from 0 to 1, limited to 1."""
        power = np.maximum(self.a * values + self.b, 0) ** self.gamma
        return np.clip(np.where(values >= self.d, power, self.c * values), 0, 1)


SRGB_CURVE = Curve(2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045)
"""That of IEC 61966-2-1."""


def srgb_values(light: Doubles) -> Doubles:
    """Values by the curve of sRGB, of light from 0 to 1."""
    return np.where(light <= 0.0031308, 12.92 * light, 1.055 * light ** (1 / 2.4) - 0.055)


def colorants(chromaticities: Chromaticities) -> Doubles:
    """XYZ of red, green and blue, a column each, adapted to the white D50 by Bradford's matrix.

    Raises:
        ValueError: no three lights that make white.
    """
    xy = np.array(chromaticities).reshape(4, 2)
    if not np.isfinite(xy).all() or (xy[:, 1] <= 0).any() or (np.abs(xy) > 10).any():
        raise ValueError("not chromaticities")
    xyz = np.stack([xy[:, 0] / xy[:, 1], np.ones(4), (1 - xy.sum(axis=1)) / xy[:, 1]])
    white, lights = xyz[:, 0], xyz[:, 1:]
    if abs(np.linalg.det(lights)) < 1e-6:
        raise ValueError("primaries on one line")
    lights = lights * np.linalg.solve(lights, white)
    if (lights.sum(axis=0) <= 0).any() or (np.abs(lights) > 100).any():
        raise ValueError("primaries that do not make white")
    return _adaptation(white) @ lights


def make_profile(name: str, chromaticities: Chromaticities | None, curve: Curve) -> bytes:
    """A display profile; None instead of chromaticities makes one for grey.

    The same arguments make the same bytes.

    Raises:
        ValueError: no three lights that make white.
    """
    tags: dict[bytes, bytes] = {
        b"desc": _text(name),
        b"cprt": _text("No copyright, use freely"),
        b"wtpt": _xyz(_D50),
    }
    if chromaticities is None:
        space = b"GRAY"
        tags[b"kTRC"] = _curve(curve)
    else:
        space = b"RGB "
        lights = colorants(chromaticities)
        x, y = chromaticities[:2]
        white = np.array([x / y, 1, (1 - x - y) / y])
        tags[b"chad"] = b"sf32\0\0\0\0" + _s15_fixed16(_adaptation(white).ravel())
        for index, letter in enumerate((b"r", b"g", b"b")):
            tags[letter + b"XYZ"] = _xyz(lights[:, index])
            tags[letter + b"TRC"] = _curve(curve)
    return _assemble(space, tags)


def _assemble(space: bytes, tags: dict[bytes, bytes]) -> bytes:
    table, content = b"", b""
    start = 128 + 4 + 12 * len(tags)
    places: dict[bytes, int] = {}
    for tag, data in tags.items():
        if data not in places:
            places[data] = start + len(content)
            content += data + bytes(-len(data) % 4)
        table += struct.pack(">4sII", tag, places[data], len(data))
    header = bytearray(128)
    struct.pack_into(
        ">I4sI4s4s4s", header, 0, start + len(content), b"", 0x04200000, b"mntr", space, b"XYZ "
    )
    struct.pack_into(">6H4s", header, 24, 2000, 1, 1, 0, 0, 0, b"acsp")
    header[68:80] = _s15_fixed16(_D50)
    return bytes(header) + struct.pack(">I", len(tags)) + table + content


def _adaptation(white: Doubles) -> Doubles:
    """Bradford's matrix from a white to D50."""
    scale = (_BRADFORD @ _D50) / (_BRADFORD @ white)
    return np.linalg.inv(_BRADFORD) @ (scale[:, None] * _BRADFORD)


def _s15_fixed16(values: Any) -> bytes:
    numbers = [round(float(value) * _ONE) for value in values]
    return struct.pack(f">{len(numbers)}i", *numbers)


def _xyz(values: Doubles) -> bytes:
    return b"XYZ \0\0\0\0" + _s15_fixed16(values)


def _curve(curve: Curve) -> bytes:
    if curve == Curve(curve.gamma):
        return b"para\0\0\0\0\0\0\0\0" + _s15_fixed16([curve.gamma])
    parts = (curve.gamma, curve.a, curve.b, curve.c, curve.d)
    return b"para\0\0\0\0\0\3\0\0" + _s15_fixed16(parts)


def _text(text: str) -> bytes:
    stored = text.encode("utf-16-be")
    return b"mluc\0\0\0\0" + struct.pack(">II4sII", 1, 12, b"enUS", len(stored), 28) + stored
