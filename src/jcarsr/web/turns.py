"""A queue in which clients take turns, so that one with much to do does not hold the others."""

from __future__ import annotations

import bisect
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Generic, TypeVar

T = TypeVar("T")


@dataclass(frozen=True)
class _Place(Generic[T]):
    turn: int
    """One client has one place in each."""
    arrival: int
    client: str
    item: T

    @property
    def order(self) -> tuple[int, int]:
        return self.turn, self.arrival


class FairQueue(Generic[T]):
    """What waits, in the order in which it is taken.

    >>> queue = FairQueue[str]()
    >>> for item in ("a1", "a2", "a3", "b1", "b2"):
    ...     queue.add(item, client=item[0])
    >>> list(queue)
    ['a1', 'b1', 'a2', 'b2', 'a3']
    """

    def __init__(self) -> None:
        self._places: list[_Place[T]] = []
        self._turn, self._arrivals = 0, 0

    def __len__(self) -> int:
        return len(self._places)

    def __iter__(self) -> Iterator[T]:
        return (place.item for place in self._places)

    def count(self, client: str) -> int:
        """Return how much of one client waits."""
        return sum(place.client == client for place in self._places)

    def add(self, item: T, client: str) -> None:
        """Have an item wait, at the end of the client's own."""
        own = (place.turn for place in self._places if place.client == client)
        self._arrivals += 1
        place = _Place(max(own, default=self._turn) + 1, self._arrivals, client, item)
        bisect.insort(self._places, place, key=lambda place: place.order)

    def take(self) -> T:
        """Return the first item, which waits no more.

        Raises:
            IndexError: nothing waits.
        """
        place = self._places.pop(0)
        self._turn = place.turn
        return place.item

    def remove(self, item: T) -> None:
        """Have an item wait no more; one that does not wait is left alone."""
        self._places = [place for place in self._places if place.item is not item]
