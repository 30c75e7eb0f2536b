"""How many threads OpenBLAS says that it has, asked of itself."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import numpy as np
import pytest
import threadpoolctl

from jcarsr import Restorer
from jcarsr.blas import one_blas_thread
from jcarsr.pixels import Pixels


def threads() -> set[int]:
    """Of numpy's OpenBLAS; empty where numpy computes by other means."""
    found = threadpoolctl.threadpool_info()
    return {library["num_threads"] for library in found if "numpy" in library["filepath"]}


@pytest.fixture(autouse=True)
def _three_threads() -> Iterator[None]:
    if not threads():
        pytest.skip("numpy without OpenBLAS of its own")
    with threadpoolctl.threadpool_limits(3):
        yield


def test_one_within_and_as_before_afterwards() -> None:
    assert threads() == {3}
    with one_blas_thread():
        assert threads() == {1}
        with one_blas_thread():
            assert threads() == {1}
        assert threads() == {1}
    assert threads() == {3}


def test_an_error_puts_it_back() -> None:
    with pytest.raises(ZeroDivisionError), one_blas_thread():
        1 / 0  # noqa: B018
    assert threads() == {3}


def test_several_threads_at_once_leave_it_as_it_was() -> None:
    barrier, leave = threading.Barrier(2), threading.Event()

    @one_blas_thread()
    def work() -> None:
        barrier.wait(60)
        leave.wait(60)

    other = threading.Thread(target=work)
    with one_blas_thread():
        other.start()
        barrier.wait(60)
        assert threads() == {1}
    assert threads() == {1}  # the other one wants it still
    leave.set()
    other.join(60)
    assert threads() == {3}


def test_pictures_are_restored_with_one(photo: Pixels, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[set[int]] = []
    convert = np.isfinite  # of every tile's result

    def isfinite(values: object) -> object:
        seen.append(threads())
        return convert(values)

    monkeypatch.setattr("jcarsr.restoring.restorer.np.isfinite", isfinite)
    Restorer().restore(photo)
    assert seen == [{1}]
    assert threads() == {3}
