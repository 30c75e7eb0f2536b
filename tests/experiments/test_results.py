from collections.abc import Callable

import pytest

from jcarsr.errors import DataError
from jcarsr.evaluation.rows import Row
from jcarsr.experiments.results import group

MakeRow = Callable[..., Row]
CELL = (2, 10, "Set5")


def test_of_two_trainings_of_a_line_that_of_the_run_counts(make_row: MakeRow) -> None:
    rows = [make_row("edsr-lite-x2", 0, 20.0 + n, job=job) for n, job in enumerate("ab")]
    for jobs, scores in [("a", {0: 20.0}), ("b", {0: 21.0}), ("c", {}), ("", {})]:
        (results,) = group(rows, jobs=jobs)
        assert results.psnr("edsr-lite-x2", CELL) == scores
    with pytest.raises(DataError, match=r"edsr-lite-x2, seed 0, Set5 x2 QF 10: .* jobs a, b"):
        group(rows)


def test_what_was_not_trained_stands_in_every_suite_of_its_size(make_row: MakeRow) -> None:
    given = make_row("edsr-lite-x2,given=0123456789ab", 0, 30.0, steps=0, minutes=0.0)
    rows = [make_row("jcarsr-lite-x2", 0, 28.0, budget=f"{n} steps") for n in (5, 7)]
    rows.append(make_row("jcarsr-x2", 0, 28.0, size="paper"))
    suites = {(own.suite.size, own.suite.budget): own for own in group([given, *rows])}
    assert suites.keys() == {("lite", "5 steps"), ("lite", "7 steps"), ("paper", "3000 steps")}
    for (size, _), own in suites.items():
        expected = {0: 30.0} if size == "lite" else {}
        assert own.psnr("edsr-lite-x2", CELL) == expected
    (alone,) = group([given])
    assert alone.suite.budget == "3000 steps"


def test_what_was_not_trained_has_every_seed(make_row: MakeRow) -> None:
    given = make_row("edsr-lite-x2,given=0123456789ab", 0, 30.0, steps=0, minutes=0.0)
    rows = [make_row("jcarsr-lite-x2", seed, 28.0 + seed) for seed in range(3)]
    (results,) = group([given, *rows])
    assert results.differences("edsr-lite-x2", "jcarsr-lite-x2", CELL) == [2.0, 1.0, 0.0]
    assert results.differences("jcarsr-lite-x2", "edsr-lite-x2", CELL) == [-2.0, -1.0, 0.0]
    assert results.differences("rdn-lite-x2", "edsr-lite-x2", CELL) == []


def test_chains_do_not_tell_the_noise_of_networks(make_row: MakeRow) -> None:
    rows = [make_row("jcarsr-lite-x2", seed, 28.0 + seed) for seed in range(3)]
    rows += [make_row("a + b", seed, 28.0) for seed in range(3)]
    (results,) = group(rows)
    (alone,) = group(rows[:3])
    assert results.noise(CELL) == alone.noise(CELL)
