import pytest

from jcarsr.training.schedule import Cosine, Halving


def test_cosine_warms_up_by_steps_and_decays_by_budget() -> None:
    schedule = Cosine(warmup_steps=10)
    assert schedule.factor(0, 0) == pytest.approx(0.1)
    assert schedule.factor(9, 0) == 1
    assert schedule.factor(500, 0.5) == pytest.approx(0.5)
    assert schedule.factor(999, 1.0) == pytest.approx(0, abs=1e-12)
    assert Cosine(warmup_steps=0, floor=0.1).factor(999, 1.2) == pytest.approx(0.1)


def test_halving_is_the_papers() -> None:
    schedule = Halving(every=200_000)
    steps = [0, 199_999, 200_000, 400_000]
    assert [1e-4 * schedule.factor(step, 0.9) for step in steps] == [1e-4, 1e-4, 5e-5, 2.5e-5]
