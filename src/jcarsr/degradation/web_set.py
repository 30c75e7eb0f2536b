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


def parse_histories(words: Sequence[str], scale: int | None = None) -> list[History]:
    """The histories of `words`, of which `web` stands for those of WEB_SET that suit the scale.

    Args:
        words: of histories.
        scale: how many times larger than the degraded pictures the originals are; None = any.

    Raises:
        ValueError: a step is unknown or has a value out of range, or a history shrinks by more
            than the scale; the message quotes it.
    """
    found: list[History] = []
    for word in words:
        if word == "web":
            found += [history for history in WEB_SET if scale is None or history.suits(scale)]
            continue
        history = parse_history(word)
        if scale is not None and not history.suits(scale):
            raise ValueError(f"{word}: begins larger than the original at scale {scale}")
        found.append(history)
    return found
