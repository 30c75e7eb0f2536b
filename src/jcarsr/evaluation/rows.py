"""A score as stored: one JSON line with everything needed to compare or repeat it."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Protocol, cast

from jcarsr.degradation.steps import Jpeg
from jcarsr.errors import DataError, one_line


@dataclass(frozen=True, kw_only=True)
class Trial:
    """Which run of the paper's experiments a row is of, and what was spent on it."""

    job: str
    """Hash of what decides the score."""
    method: str
    """What is compared, the same for all seeds: jcarsr-lite-x2."""
    size: str
    """Of the networks: lite or paper."""
    budget: str
    """3000 steps, 20 minutes: of each network that was trained."""
    seed: int
    parameters: int | None
    """None = no network."""
    steps: int
    """Of training, of all its networks."""
    minutes: float
    """Of training, of all its networks."""
    device: str
    """That trained."""
    precision: str
    """Of training."""
    data: str
    """What was trained on: names, and a hash of the list of pictures."""


@dataclass(frozen=True, kw_only=True)
class Row:
    """One restorer on one set after one degradation history.

    Two rows are comparable if `protocol`, `codec`, `history` and the set agree.
    """

    set: str
    scale: int
    history: str
    """For example jpeg20+4,4>jpeg90."""
    restorer: str
    sha256: str | None
    """Of the weights' tensors, of a chain over its parts'; None = no weights, or chosen ones."""
    psnr: float
    """dB, mean over the pictures but those that equal their originals; inf = all do."""
    ssim: float
    images: dict[str, tuple[float, float]]
    """picture -> PSNR in dB, inf where it equals its original; SSIM."""
    protocol: dict[str, Any]
    codec: str
    versions: dict[str, str]
    """Of the packages that computed it."""
    niqe: float | None = None
    """Mean over the pictures of two blocks or more; None = not computed."""
    trial: Trial | None = None
    """Of an experiment's row."""

    @property
    def qf(self) -> int | None:
        """The quality factor if the pictures were saved once as the paper's are, else None."""
        once = re.fullmatch(r"jpeg(\d+)", self.history)
        return int(once[1]) if once else None

    @property
    def condition(self) -> str:
        """Set, scale and history in one line: the key of a score in a weight file's record."""
        history = self.history if self.qf is None else f"QF {self.qf}"
        return f"{self.set} x{self.scale} {history}"

    @property
    def equal(self) -> int:
        """How many pictures equal their originals."""
        return sum(psnr == math.inf for psnr, _ in self.images.values())

    def as_json(self) -> str:
        """The row in one line; PSNR of inf, which JSON lacks, is null."""
        fields = asdict(self)
        for later in ("niqe", "trial"):  # older rows do not have them
            if fields[later] is None:
                del fields[later]
        return json_line(fields)


class Writable(Protocol):
    """What has a line in a JSON lines file."""

    def as_json(self) -> str:
        """The line."""
        ...


_NOT_A_ROW = (ValueError, TypeError, KeyError, IndexError, AttributeError, RecursionError)


def json_line(fields: Any) -> str:
    """A row's fields as JSON, in which numbers that it lacks, inf and nan, are null."""

    def finite(value: Any) -> Any:
        if isinstance(value, dict):
            return {name: finite(item) for name, item in cast(dict[str, Any], value).items()}
        if isinstance(value, list | tuple):
            return [finite(item) for item in cast(Sequence[Any], value)]
        return None if isinstance(value, float) and not math.isfinite(value) else value

    return json.dumps(finite(fields), sort_keys=True, allow_nan=False)


def write_rows(rows: Iterable[Writable], path: Path) -> None:
    """Append rows to a JSON lines file; without any, see whether that can be done.

    Raises:
        DataError: it cannot.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("a", encoding="utf-8") as file:
            for row in rows:
                file.write(row.as_json() + "\n")
    except OSError as error:
        raise DataError(f"{path}: cannot be written ({one_line(error)})") from error


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
        except UnicodeDecodeError as error:
            raise DataError(f"{path}: not a file of result rows ({error})") from error
        for number, line in enumerate(lines, start=1):
            try:
                fields = _object(json.loads(line))
                if "history" not in fields:  # rows of version 0.1: saved once
                    save = Jpeg(qf=fields.pop("qf"), subsampling=fields.pop("subsampling"))
                    fields["history"] = str(save)
                images = fields["images"].items()
                fields["images"] = {name: (_decibels(s[0]), s[1]) for name, s in images}
                fields["psnr"] = _decibels(fields["psnr"])
                if fields.get("trial") is not None:
                    fields["trial"] = Trial(**fields["trial"])
                rows.append(Row(**fields))
            except _NOT_A_ROW as error:
                raise DataError(f"{path}:{number}: not a result row ({error})") from error
    return rows


def _decibels(stored: Any) -> Any:
    return math.inf if stored is None else stored


def _object(value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise ValueError("not an object")
    return dict(value)  # pyright: ignore[reportUnknownArgumentType]
