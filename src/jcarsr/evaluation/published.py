"""The paper's numbers, as printed: `published.csv`, never edited to match ours."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import cache
from importlib.resources import files


@dataclass(frozen=True)
class Published:
    """One number of the paper's Tables 1 to 7."""

    table: int
    method: str
    scale: int
    qf: int
    dataset: str
    psnr: float
    """dB on Y."""
    ssim: float


@cache
def published_numbers() -> tuple[Published, ...]:
    """Every number, in the paper's order."""
    with files("jcarsr.evaluation").joinpath("published.csv").open(encoding="utf-8") as file:
        return tuple(
            Published(
                table=int(line["table"]),
                method=line["method"],
                scale=int(line["scale"]),
                qf=int(line["qf"]),
                dataset=line["dataset"],
                psnr=float(line["psnr_y"]),
                ssim=float(line["ssim_y"]),
            )
            for line in csv.DictReader(file)
        )


def published_number(
    table: int | None, method: str, scale: int, qf: int, dataset: str
) -> Published | None:
    """The number of one cell, None where the paper gives none."""
    wanted = table, method, scale, qf, dataset
    return next(
        (n for n in published_numbers() if (n.table, n.method, n.scale, n.qf, n.dataset) == wanted),
        None,
    )


def paper_jcarsr(dataset: str, scale: int, qf: int) -> Published | None:
    """The paper's own network (Table 4: every quality factor), None where it gives no number."""
    return published_number(4, "JCARSR", scale, qf, dataset)
