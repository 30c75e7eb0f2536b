import numpy as np

from jcarsr.methods.bicubic import Bicubic


def test_flat_stays_flat_and_edges_clamp() -> None:
    lq = np.zeros((6, 8, 3), np.uint8)
    lq[:, 4:] = 255
    sr = Bicubic(4).restore(lq)
    assert sr.shape == (24, 32, 3)
    assert (sr[:, 0] == 0).all()
    assert (sr[:, -1] == 255).all()
