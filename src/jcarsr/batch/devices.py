"""The devices of a run: each restores one picture at a time, and one that is lost costs none."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from pathlib import Path

from jcarsr.errors import DeviceError
from jcarsr.image import Animation, Picture
from jcarsr.progress import OnTile
from jcarsr.restoring.file import FileRestorer
from jcarsr.restoring.picture import RestoredOutputs


class Devices:
    """Restorers of which each has a device of its own; may be used from several threads.

    Args:
        restorers: at least one, with equal settings.
    """

    def __init__(self, restorers: Sequence[FileRestorer]) -> None:
        self._free = list(reversed(restorers))
        self._left = len(restorers)
        self._turn = threading.Condition()

    def restore(
        self, picture: Picture | Animation, target: Path, on_tile: OnTile
    ) -> RestoredOutputs:
        """Make all outputs of a picture, on a device that is free, or when one becomes free.

        A device that is lost is not used again, and its picture goes to another one.

        Raises:
            DeviceError: the last device is lost.
            JCARSRError: as `FileRestorer.restore`.
        """
        while True:
            restorer = self._take()
            try:
                restored = restorer.restore(picture, target, on_tile)
            except DeviceError:
                if not self._drop():
                    raise
            except BaseException:
                self._give_back(restorer)
                raise
            else:
                self._give_back(restorer)
                return restored

    def _take(self) -> FileRestorer:
        with self._turn:
            while not self._free:
                if not self._left:
                    raise DeviceError("no device is left")
                self._turn.wait()
            return self._free.pop()

    def _give_back(self, restorer: FileRestorer) -> None:
        with self._turn:
            self._free.append(restorer)
            self._turn.notify()

    def _drop(self) -> int:
        """Forget the device that was taken; gives how many are left."""
        with self._turn:
            self._left -= 1
            self._turn.notify_all()
            return self._left
