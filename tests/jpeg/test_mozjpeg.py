import numpy as np
import pytest

from jcarsr.jpeg.mozjpeg import mozjpeg_table


def test_quality_50_is_the_base_table_within_a_byte() -> None:
    """N. Robidoux's table is nearly symmetric; its first row and its corner, as published."""
    table = np.array(mozjpeg_table(50)).reshape(8, 8)
    assert table[0].tolist() == [16, 16, 16, 18, 25, 37, 56, 85]
    assert table[7, 7] == 255  # 418 in the base table: a baseline file holds bytes
    assert np.abs(table - table.T).max() <= 4


@pytest.mark.parametrize(("qf", "first"), [(75, 8), (25, 32), (10, 80), (100, 1), (1, 255)])
def test_first_step_is_scaled_as_by_libjpeg(qf: int, first: int) -> None:
    assert mozjpeg_table(qf)[0] == first
    assert min(mozjpeg_table(qf)) >= 1
