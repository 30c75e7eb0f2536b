"""What is done about a JPEG that is not whole."""

from __future__ import annotations

from jcarsr.errors import ImageError
from jcarsr.image.open import DAMAGED, SALVAGE_HELPS, ReadOptions
from jcarsr.jpeg.damage import MAX_STEPS, Damage, find_damage
from jcarsr.jpeg.probe import probe
from jcarsr.jpeg.structure import ARITHMETIC, LOSSLESS, Structure, read_structure

TRUNCATED = "truncated: what could be decoded was taken"
"""The note on what `salvage` took."""

_UNKNOWN = "too large to be checked for damage throughout"
_DOUBTFUL = "its data may be damaged or cut off, unless it ends in one flat colour"
_END = b"\xff\xd9"
_HEADER_STEPS = 20_000_000  # codes followed where nothing is to be decoded, about 3 seconds


def whole_jpeg(data: bytes, options: ReadOptions) -> tuple[bytes, list[str]]:
    """A JPEG with an end put to it if it lacks only that or is salvaged, and notes on its damages.

    Raises:
        ImageError: its data ends before the picture does, and it is not to be salvaged.
    """
    structure = read_structure(data)
    damage = _damage(data, structure, MAX_STEPS)
    if damage.broken_off and not options.salvage:
        raise ImageError(f"cannot be decoded (truncated) {SALVAGE_HELPS}")
    notes = _notes_on(damage)
    if damage.broken_off or not (structure.ended or damage.complete or damage.corrupt):
        notes.append(TRUNCATED)
    if not structure.ended and (options.salvage or damage.complete or damage.corrupt):
        data = data[: structure.end] + _END  # with it, the decoder gives all scans that came
    return data, notes


def doubts_about_jpeg(data: bytes) -> list[str]:
    """Notes on the damages that restoring a JPEG would find, of large ones only the first."""
    damage = _damage(data, read_structure(data), _HEADER_STEPS)
    if damage.broken_off:
        return [f"truncated: it is refused {SALVAGE_HELPS}"]
    return [note for note in _notes_on(damage) if note != _UNKNOWN]


def _notes_on(damage: Damage) -> list[str]:
    if damage.corrupt:
        return [DAMAGED]
    if damage.doubtful and not damage.broken_off:
        return [_DOUBTFUL]
    return [_UNKNOWN] if damage.unknown else []


def _damage(data: bytes, structure: Structure, max_steps: int) -> Damage:
    frame = structure.frame
    if frame is not None and frame.kind in ARITHMETIC | LOSSLESS:
        return probe(data, structure)
    return find_damage(data, structure, max_steps)
