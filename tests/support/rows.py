"""Rows of experiments with made-up numbers."""

from __future__ import annotations

from jcarsr.evaluation.rows import Row, Trial


def make_row(method: str, seed: int, psnr: float, *, set: str = "Set5", **changes: object) -> Row:
    """A row with made-up numbers: method, seed, PSNR, set; others change fields of its trial."""
    fields: dict[str, object] = {
        "job": f"{method}{seed}{set}",
        "method": method,
        "size": "lite",
        "budget": "3000 steps",
        "seed": seed,
        "parameters": 477_297,
        "steps": 3000,
        "minutes": 30.0,
        "device": "CPU",
        "precision": "float32",
        "data": "DIV2K (800 pictures, 0123456789ab)",
    }
    return Row(
        set=set,
        scale=2,
        history="jpeg10",
        restorer=method,
        sha256="0" * 64,
        psnr=psnr,
        ssim=0.8,
        images={"a": (psnr, 0.8)},
        protocol={"channel": "y", "border": 2},
        codec="Pillow",
        versions={"jcarsr": "0"},
        trial=Trial(**(fields | changes)),  # pyright: ignore
    )
