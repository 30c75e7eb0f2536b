from collections.abc import Callable

import pytest

from jcarsr.evaluation.rows import Row


@pytest.fixture
def make_row() -> Callable[..., Row]:
    """A row with made-up numbers; arguments change single fields."""

    def make(**changes: object) -> Row:
        fields = {
            "set": "Set5",
            "scale": 2,
            "history": "jpeg10",
            "restorer": "ours",
            "sha256": "0" * 64,
            "psnr": 28.5,
            "ssim": 0.81,
            "images": {"baby": (28.5, 0.81)},
            "protocol": {"channel": "y", "border": 2},
            "codec": "Pillow",
            "versions": {"jcarsr": "0"},
        }
        return Row(**(fields | changes))  # pyright: ignore

    return make
