import threading

import pytest
from torch import nn

from jcarsr.networks.limit import at_most


def test_building_fails_above_the_bound_alone() -> None:
    with at_most(4 * 5 + 5):
        nn.Linear(4, 5)
    with pytest.raises(ValueError, match="it has more than 24 values"), at_most(24):
        nn.Linear(4, 5)
    with pytest.raises(ValueError, match="more than 9 values"), at_most(9):
        nn.BatchNorm1d(3)  # six parameters, and six buffers and a count
    nn.Linear(40, 50)


def test_other_threads_build_what_they_like() -> None:
    built: list[nn.Module] = []
    with at_most(0):
        thread = threading.Thread(target=lambda: built.append(nn.Linear(4, 5)))
        thread.start()
        thread.join()
    assert len(built) == 1
