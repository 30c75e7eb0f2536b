"""What ends a run from outside: once as a wish, twice as ever."""

import signal

import pytest

from jcarsr.training.stop import stop_on_signals


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_first_is_a_wish_and_the_second_as_usual(number: signal.Signals) -> None:
    told: list[int] = []
    before = signal.signal(number, lambda number, frame: told.append(number))
    try:
        own = signal.getsignal(number)
        with stop_on_signals() as flag:
            assert not flag.raised
            signal.raise_signal(number)
            assert (flag.raised, told) == (True, [])
            signal.raise_signal(number)
            assert told == [number]
        assert signal.getsignal(number) is own
        with stop_on_signals():
            pass
        assert signal.getsignal(number) is own
    finally:
        signal.signal(number, before)
