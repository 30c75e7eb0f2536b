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


def by_seed(*values: float) -> dict[int, float]:
    return dict(enumerate(values))


def test_noise_is_the_residual_of_a_two_way_analysis_of_variance() -> None:
    """Where all methods have all seeds: what is left without the means of rows and columns."""
    scores = np.array([[27.1, 27.4, 27.2], [27.0, 27.1, 27.3], [26.5, 26.9, 26.6], [28, 28.3, 28]])
    residuals = scores - scores.mean(0) - scores.mean(1, keepdims=True) + scores.mean()
    noise = pooled_noise([by_seed(*own) for own in scores])
    assert noise is not None
    assert noise.freedom == (4 - 1) * (3 - 1)
    assert noise.deviation == pytest.approx(np.sqrt(2 * (residuals**2).sum() / 6), abs=1e-6)


def test_noise_of_many_methods_is_as_large_as_that_of_the_differences() -> None:
    """The reference's own chance is in every difference, and is counted once."""
    draw = np.random.default_rng(0)
    found = []
    for _ in range(300):
        scores = (
            27 + draw.normal(0, 0.5, (6, 1)) + draw.normal(0, 0.3, 2) + draw.normal(0, 1, (6, 2))
        )
        noise = pooled_noise([by_seed(*own) for own in scores])
        assert noise is not None
        found.append(noise.deviation**2)
    assert np.mean(found) == pytest.approx(2, rel=0.1)  # the variance of a difference


def test_methods_of_one_seed_and_seeds_of_one_method_add_nothing() -> None:
    both = [{0: 27.1, 1: 27.3}, {0: 27.0, 1: 27.0}]
    assert pooled_noise([*both, {0: 20.0}, {}]) == pooled_noise(both)
    assert pooled_noise([both[0] | {2: 30.0}, both[1]]) == pooled_noise(both)


def test_seeds_of_one_method_alone_count_twice() -> None:
    noise = pooled_noise([{0: 28.1}, by_seed(28.0, 28.1, 28.3)])
    assert noise is not None
    assert noise.deviation == pytest.approx(np.std([28.0, 28.1, 28.3], ddof=1) * 2**0.5, abs=1e-6)
    assert noise.freedom == 2
    assert pooled_noise([{0: 28.1}, {0: 28.0}]) is None
    assert pooled_noise([]) is None


def test_resolved_is_what_a_t_test_rejects_and_of_one_sign() -> None:
    """With the noise of the same two methods this is SciPy's paired test at 5 %."""
    for values in ([0.11, 0.12, 0.1], [0.3, 0.1, 0.02], [0.01, 0.011, 0.3], [-0.2, -0.21, -0.19]):
        noise = pooled_noise([by_seed(*values), by_seed(0.0, 0.0, 0.0)])
        assert noise is not None
        assert is_resolved(values, noise) == (stats.ttest_rel(values, [0, 0, 0]).pvalue < 0.05)
    assert not is_resolved([9.0, -1.0], Noise(0.001, 9))


def test_only_seeds_of_both_are_paired() -> None:
    assert paired_differences({0: 1.0, 2: 5.0}, {0: 0.5, 1: 7.0}) == [0.5]
