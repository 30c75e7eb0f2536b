import numpy as np
import pytest
from scipy import stats

from jcarsr.experiments.seeds import Noise, is_resolved, paired_differences, pooled_noise, student


@pytest.mark.parametrize("freedom", [1, 2, 5, 9, 10, 30, 60])
def test_students_points_are_scipys(freedom: int) -> None:
    assert student(freedom) == pytest.approx(stats.t.ppf(0.975, freedom), abs=5e-4)


@pytest.mark.parametrize("freedom", [11, 14, 25, 500])
def test_between_the_tables_points_the_limit_is_wider(freedom: int) -> None:
    assert student(freedom) >= stats.t.ppf(0.975, freedom)


def test_pooled_deviation_is_that_of_an_analysis_of_variance() -> None:
    """The mean square within groups: residuals over degrees of freedom."""
    groups = [[0.1, 0.3, 0.2], [0.0, 0.1], [-0.5, -0.2]]
    residuals = np.concatenate([np.array(group) - np.mean(group) for group in groups])
    noise = pooled_noise(groups)
    assert noise is not None
    assert noise.freedom == 7 - 3
    assert noise.deviation == pytest.approx(np.sqrt((residuals**2).sum() / 4))


def test_without_pairs_the_references_own_seeds_count_twice() -> None:
    noise = pooled_noise([[0.1]], [28.0, 28.1, 28.3])
    assert noise == Noise(pytest.approx(np.std([28.0, 28.1, 28.3], ddof=1) * 2**0.5), 2)  # pyright: ignore
    assert pooled_noise([[0.1]], [28.0]) is None


def test_resolved_is_what_a_t_test_rejects_and_of_one_sign() -> None:
    """With the noise of the same seeds this is SciPy's one-sample test at 5 %."""
    for values in ([0.11, 0.12, 0.1], [0.3, 0.1, 0.02], [0.01, 0.011, 0.3], [-0.2, -0.21, -0.19]):
        noise = pooled_noise([values])
        assert noise is not None
        assert is_resolved(values, noise) == (stats.ttest_1samp(values, 0).pvalue < 0.05)
    assert not is_resolved([9.0, -1.0], Noise(0.001, 9))


def test_only_seeds_of_both_are_paired() -> None:
    assert paired_differences({0: 1.0, 2: 5.0}, {0: 0.5, 1: 7.0}) == [0.5]
