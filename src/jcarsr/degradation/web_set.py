"""The fixed histories of the second benchmark: pictures as the web has them."""

from __future__ import annotations

from collections.abc import Sequence

from jcarsr.degradation.history import History, parse_history

WEB_SET = tuple(
    map(
        parse_history,
        (
            "jpeg20+4,4>jpeg90",  # saved hard, moved on the grid, saved mildly
            "jpeg40+4,4>jpeg90",
            "jpeg20+4,4>jpeg75",
            "jpeg20>jpeg90",  # saved twice on one grid
            "jpeg30>resize0.75>jpeg85",  # shrunk between two saves
            "webp40>jpeg85",  # a WebP, saved as JPEG
            "jpeg30+3,5>png",  # a JPEG's screenshot
            "jpeg30+2,5>jpeg60+6,1>jpeg85",  # saved three times, moved twice
        ),
    )
)
"""Eight histories in the order of the tables."""


def parse_histories(words: Sequence[str]) -> list[History]:
    """The histories of `words`, of which `web` stands for WEB_SET.

    Raises:
        ValueError: a step is unknown or has a value out of range; the message quotes it.
    """
    found: list[History] = []
    for word in words:
        found += WEB_SET if word == "web" else [parse_history(word)]
    return found
