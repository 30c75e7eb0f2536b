"""How long work reports that it goes on: a function of what is done and what there is in all."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TypeAlias

OnProgress: TypeAlias = Callable[[int, int], None]
"""Called with (parts done, parts in all) after each part."""

OnTile: TypeAlias = OnProgress
"""The same where the parts are tiles of a picture."""


def ignore_progress(done: int, total: int) -> None:
    """Do nothing: the OnProgress of a caller that does not want to know."""


def pass_of(on_tile: OnTile, index: int, passes: int) -> OnTile:
    """Return the OnTile of one of several equally long passes, of which all are reported as one.

    Args:
        on_tile: called for all passes.
        index: of the pass, from 0.
        passes: how many there are.

    >>> second = pass_of(lambda done, total: print(done, total), 1, 3)
    >>> second(2, 4)
    6 12
    """
    return lambda done, total: on_tile(index * total + done, passes * total)


def sum_of_threads(on_tile: OnTile) -> OnTile:
    """Return the OnTile of several threads, whose pictures are reported as one.

    Args:
        on_tile: called with the sums over the pictures that the threads were last at.

    >>> report = sum_of_threads(lambda done, total: print(done, total))
    >>> report(1, 4)
    1 4
    """
    latest: dict[int, tuple[int, int]] = {}
    turn = threading.Lock()

    def report(done: int, total: int) -> None:
        with turn:
            latest[threading.get_ident()] = done, total
            on_tile(sum(one for one, _ in latest.values()), sum(all for _, all in latest.values()))

    return report
