from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from jcarsr.evaluation.rows import Row
from jcarsr.experiments.figures.scene import widest_gap


def test_picture_is_where_psnr_differs_most(make_row: Callable[..., Row]) -> None:
    def row(**images: float) -> Row:
        scores = {name: (psnr, 0.5) for name, psnr in images.items()}
        return replace(make_row("m", 0, 1.0), images=scores)

    rows = {"a": row(x=20.0, y=30.0, z=9.0), "b": row(x=21.0, y=27.0)}
    assert widest_gap(rows) == "y"
    assert widest_gap({"a": row(x=1.0), "b": row(y=1.0)}) is None
    assert widest_gap({}) is None
