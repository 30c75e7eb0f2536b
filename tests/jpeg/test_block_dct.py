import numpy as np
import pytest

from jcarsr.jpeg.block_dct import BASIS, block_dct, dct_of_all_phases

RNG = np.random.default_rng(1)


def test_coefficients_are_those_of_the_standards_formula() -> None:
    """ITU-T T.81, A.3.3, written out."""
    block = RNG.uniform(0, 255, (8, 8)).astype(np.float32)
    expected = np.zeros((8, 8))
    k = np.arange(8)
    for u in range(8):
        for v in range(8):
            rows, columns = (np.cos((2 * k + 1) * f * np.pi / 16) for f in (u, v))
            scale = (1 / np.sqrt(2) if u == 0 else 1) * (1 / np.sqrt(2) if v == 0 else 1) / 4
            expected[u, v] = scale * (block * np.outer(rows, columns)).sum()
    np.testing.assert_allclose(block_dct(block, (0, 0))[0], expected, atol=1e-3)


def test_the_basis_is_orthonormal() -> None:
    np.testing.assert_allclose(BASIS @ BASIS.T, np.eye(8), atol=1e-6)


def test_all_phases_are_those_of_cut_planes() -> None:
    plane = RNG.uniform(0, 255, (29, 40)).astype(np.float32)
    seen = set()
    for (y, x), coefficients in dct_of_all_phases(plane, 5):
        seen.add((y, x))
        assert coefficients.shape == (2, 5, 4, 5)
        alone = block_dct(plane[y : y + 16, x : x + 32], (0, 0))[:, :5, :5]
        found = coefficients.transpose(0, 2, 1, 3).reshape(-1, 5, 5)
        np.testing.assert_allclose(found, alone, atol=1e-2)
        np.testing.assert_allclose(found[0], block_dct(plane, (y, x))[0, :5, :5], atol=1e-2)
    assert len(seen) == 64


@pytest.mark.parametrize("size", [(1, 1), (14, 40), (40, 7)])
def test_small_planes_have_no_blocks(size: tuple[int, int]) -> None:
    assert not list(dct_of_all_phases(np.zeros(size, np.float32), 3))
