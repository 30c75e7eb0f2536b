"""The devices of a run: each restores one picture at a time, and one that is lost costs none."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

from jcarsr.errors import DeviceError

T = TypeVar("T")
R = TypeVar("R")


class Devices(Generic[T]):
    """What restores on several devices, each for one caller at a time; used from several threads.

    A single device works for all callers at once.

    Args:
        restorers: what restores on each device, at least one, with equal settings.
        on_lost: called with what a lost device said while others are left.
    """

    def __init__(
        self,
        restorers: Sequence[T],
        on_lost: Callable[[DeviceError], None] = lambda error: None,
    ) -> None:
        self._single = restorers[0] if len(restorers) == 1 else None
        self._free = list(reversed(restorers))
        self._left = len(restorers)
        self._on_lost = on_lost
        self._turn = threading.Condition()

    def use(self, work: Callable[[T], R]) -> R:
        """Return what `work` makes, given a device that is free, or one that becomes free.

        A device that is lost is not used again, and its work is done on another one.

        Args:
            work: restores a picture; it is repeated when its device is lost.

        Raises:
            DeviceError: the last device is lost.
            JCARSRError: as `work`.
        """
        if self._single is not None:
            return work(self._single)
        while True:
            restorer = self._take()
            try:
                made = work(restorer)
            except DeviceError as error:
                if not self._drop():
                    raise
                self._on_lost(error)
            except BaseException:
                self._give_back(restorer)
                raise
            else:
                self._give_back(restorer)
                return made

    def _take(self) -> T:
        with self._turn:
            while not self._free:
                if not self._left:
                    raise DeviceError("no device is left")
                self._turn.wait()
            return self._free.pop()

    def _give_back(self, restorer: T) -> None:
        with self._turn:
            self._free.append(restorer)
            self._turn.notify()

    def _drop(self) -> int:
        """Forget the device that was taken; return how many are left."""
        with self._turn:
            self._left -= 1
            self._turn.notify_all()
            return self._left
