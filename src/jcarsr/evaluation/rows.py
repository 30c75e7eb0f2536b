"""A score as stored: one JSON line with everything needed to compare or repeat it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from jcarsr.errors import DataError


@dataclass(frozen=True, kw_only=True)
class Row:
    """One restorer on one set at one quality factor.

    Two rows are comparable if `protocol`, `codec`, `subsampling` and the set agree.
    """

    set: str
    scale: int
    qf: int
    subsampling: str
    restorer: str
    sha256: str | None  # of the weights' tensors; None = no weights
    psnr: float  # dB, mean over the pictures
    ssim: float
    images: dict[str, tuple[float, float]]  # picture -> PSNR in dB, SSIM
    protocol: dict[str, Any]
    codec: str
    versions: dict[str, str]  # of the packages that computed it


def write_rows(rows: Iterable[Row], path: Path) -> None:
    """Append rows to a JSON lines file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a", encoding="utf-8") as file:
        for row in rows:
            file.write(json.dumps(asdict(row), sort_keys=True) + "\n")


def read_rows(paths: Sequence[Path]) -> list[Row]:
    """Every row of the files, in order.

    Raises:
        DataError: a file is missing or a line is not a row; the message names both.
    """
    rows: list[Row] = []
    for path in paths:
        try:
            lines = path.read_text("utf-8").splitlines()
        except OSError as error:
            raise DataError(f"{path}: cannot be read ({error.strerror})") from error
        for number, line in enumerate(lines, start=1):
            try:
                fields = json.loads(line)
                fields["images"] = {k: (v[0], v[1]) for k, v in fields["images"].items()}
                rows.append(Row(**fields))
            except (ValueError, TypeError, KeyError, IndexError) as error:
                raise DataError(f"{path}:{number}: not a result row ({error})") from error
    return rows
