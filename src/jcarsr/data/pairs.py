"""Pictures with degraded versions of one's own: two sources whose names agree."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path, PurePath

from jcarsr.data.sources import SourcePicture, list_pictures
from jcarsr.errors import DataError

_SCALE_MARK = re.compile(r"x[24]$")  # 0001x2.png is DIV2K's name of 0001.png, shrunk by 2


def list_pairs(lq: Path, hr: Path) -> list[SourcePicture]:
    """Every picture under `hr` with the one under `lq` whose path there is the same.

    Suffixes may differ, and a name under `lq` may end in x2 or x4.

    Raises:
        DataError: a source is missing or empty, a picture has no partner, or two have one name;
            the message names the first.
    """
    partners: dict[str, SourcePicture] = {}
    for entry in list_pictures([lq]):
        if other := partners.get(_key(entry, lq)):
            raise DataError(f"{entry.name}: has the same name as {other.name}")
        partners[_key(entry, lq)] = entry
    unmarked = {_SCALE_MARK.sub("", key): entry for key, entry in partners.items()}
    pairs: list[SourcePicture] = []
    used: set[SourcePicture] = set()
    for entry in list_pictures([hr]):
        key = _key(entry, hr)
        partner = partners.pop(key, None) or unmarked.get(key)
        if partner is None:
            raise DataError(f"{entry.name}: no picture named {key} in {lq}")
        if partner in used:
            raise DataError(f"{entry.name}: {partner.name} is already the partner of another")
        used.add(partner)
        pairs.append(replace(entry, lq=partner))
    for key, partner in partners.items():
        if partner not in used:
            raise DataError(f"{partner.name}: no picture named {key} in {hr}")
    return pairs


def refuse_other_sizes(pairs: Sequence[SourcePicture], scale: int) -> None:
    """Raise a DataError unless every picture is `scale` times as large as its degraded version.

    The message names the first pair that does not agree, with both sizes.
    """
    for pair in pairs:
        assert pair.lq is not None
        (height, width), (lq_height, lq_width) = pair.size(), pair.lq.size()
        if (height, width) != (scale * lq_height, scale * lq_width):
            raise DataError(
                f"{pair.lq.name}: {lq_width}x{lq_height} pixels are not"
                f" 1/{scale} of the {width}x{height} of {pair.name}"
            )


def _key(entry: SourcePicture, source: Path) -> str:
    """The picture's path in its source, without its suffix."""
    return PurePath(entry.name_in(source)).with_suffix("").as_posix()
