"""What is done about a JPEG that is not whole."""

from __future__ import annotations

from jcarsr.errors import ImageError
from jcarsr.image.open import SALVAGE_HELPS, ReadOptions
from jcarsr.jpeg.damage import find_damage
from jcarsr.jpeg.structure import read_structure

TRUNCATED = "truncated: what could be decoded was taken"
"""The note on what `salvage` took."""

_DAMAGED = "its data is damaged: part of the picture may be wrong"
_END = b"\xff\xd9"
_HEADER_STEPS = 20_000_000  # codes followed where nothing is to be decoded, about 3 seconds


def whole_jpeg(data: bytes, options: ReadOptions) -> tuple[bytes, list[str]]:
    """A JPEG with an end put to it if it lacks only that or is salvaged, and notes on its damages.

    Raises:
        ImageError: its data ends before the picture does, and it is not to be salvaged.
    """
    structure = read_structure(data)
    damage = find_damage(data, structure)
    if damage.broken_off and not options.salvage:
        raise ImageError(f"cannot be decoded (truncated) {SALVAGE_HELPS}")
    notes = [_DAMAGED] if damage.corrupt else []
    if damage.broken_off or not (structure.ended or damage.complete or damage.corrupt):
        notes.append(TRUNCATED)
    if not structure.ended and (options.salvage or damage.complete or damage.corrupt):
        data = data[: structure.end] + _END  # with it, the decoder gives all scans that came
    return data, notes


def doubts_about_jpeg(data: bytes) -> list[str]:
    """Notes on the damages that restoring a JPEG would find, of large ones only the first."""
    damage = find_damage(data, read_structure(data), _HEADER_STEPS)
    if damage.broken_off:
        return [f"truncated: it is refused {SALVAGE_HELPS}"]
    return [_DAMAGED] if damage.corrupt else []
