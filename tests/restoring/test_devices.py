"""Several devices: who works at the same moment, and what the loss of one costs."""

import threading
from collections.abc import Callable
from typing import Any

import pytest

from jcarsr.errors import DeviceError, ImageError
from jcarsr.restoring.devices import Devices

WAIT = 60  # seconds after which an event that should have come is missing
LOST = DeviceError("cuda:1: CUDA error: unspecified launch failure")


class Stub:
    """A restorer that does what a test says."""

    def __init__(self, does: Callable[[], Any]) -> None:
        self.does, self.calls = does, 0

    def restore(self) -> Any:
        self.calls += 1
        return self.does()


def fails(error: Exception) -> Callable[[], Any]:
    def fail() -> Any:
        raise error

    return fail


def test_two_pictures_are_on_two_devices() -> None:
    meeting = threading.Barrier(2, timeout=WAIT)
    stubs = [Stub(meeting.wait), Stub(meeting.wait)]
    devices = Devices(stubs)
    second = threading.Thread(target=devices.use, args=(Stub.restore,))
    second.start()
    devices.use(Stub.restore)
    second.join()
    assert [stub.calls for stub in stubs] == [1, 1]


def test_third_caller_waits_for_a_device() -> None:
    """Four callers, two devices: each is never at work for two at once, and none is idle."""
    at_work, most = [0, 0], [0, 0]
    meeting, lock = threading.Barrier(2, timeout=WAIT), threading.Lock()

    def work(number: int) -> None:
        with lock:
            at_work[number] += 1
            most[number] = max(most[number], at_work[number])
        meeting.wait()
        with lock:
            at_work[number] -= 1

    devices = Devices([0, 1])
    threads = [threading.Thread(target=devices.use, args=(work,)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(WAIT)
    assert most == [1, 1]


def test_single_device_is_for_all_callers_at_once() -> None:
    meeting = threading.Barrier(2, timeout=WAIT)
    devices = Devices([Stub(meeting.wait)])
    second = threading.Thread(target=devices.use, args=(Stub.restore,))
    second.start()
    devices.use(Stub.restore)
    second.join()


def test_error_of_a_picture_costs_no_device() -> None:
    stubs = [Stub(fails(ImageError("broken"))), Stub(fails(ImageError("broken")))]
    devices = Devices(stubs)
    for _ in range(4):
        with pytest.raises(ImageError, match="broken"):
            devices.use(Stub.restore)
    assert sum(stub.calls for stub in stubs) == 4


def test_picture_of_a_lost_device_goes_to_another_one() -> None:
    lost, good, said = Stub(fails(LOST)), Stub(lambda: "restored"), list[DeviceError]()
    devices = Devices([lost, good], said.append)
    assert [devices.use(Stub.restore) for _ in range(5)] == ["restored"] * 5
    assert (lost.calls, good.calls, said) == (1, 5, [LOST])


def test_last_device_ends_it_and_wakes_who_waits() -> None:
    """Both are lost; a caller that waited for one of them ends, too."""
    waits, heard = threading.Event(), list[str]()

    def lose() -> Any:
        assert waits.wait(WAIT)
        raise LOST

    devices = Devices([Stub(lose), Stub(lose)])

    def ask() -> None:
        try:
            devices.use(Stub.restore)
        except DeviceError as error:
            heard.append(str(error))

    threads = [threading.Thread(target=ask) for _ in range(3)]
    for thread in threads:
        thread.start()
    waits.set()
    for thread in threads:
        thread.join(WAIT)
    assert len(heard) == 3
    assert set(heard) <= {str(LOST), "no device is left"}
