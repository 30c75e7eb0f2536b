import pytest

from jcarsr.web.turns import FairQueue


def queue_of(*items: str) -> FairQueue[str]:
    """Each item's first letter is its client."""
    queue = FairQueue[str]()
    for item in items:
        queue.add(item, item[0])
    return queue


def test_one_client_is_served_in_order() -> None:
    assert list(queue_of("a3", "a1", "a2")) == ["a3", "a1", "a2"]


def test_clients_take_turns() -> None:
    queue = queue_of("a1", "a2", "a3", "a4", "b1", "c1", "b2")
    assert list(queue) == ["a1", "b1", "c1", "a2", "b2", "a3", "a4"]
    assert (len(queue), queue.count("a"), queue.count("d")) == (7, 4, 0)


def test_one_that_comes_late_is_next_but_not_before_its_turn() -> None:
    queue = queue_of("a1", "a2", "a3")
    assert [queue.take(), queue.take()] == ["a1", "a2"]
    queue.add("b1", "b")
    queue.add("b2", "b")
    queue.add("a4", "a")
    assert [queue.take() for _ in range(4)] == ["a3", "b1", "b2", "a4"]
    with pytest.raises(IndexError):
        queue.take()


def test_removing() -> None:
    queue = queue_of("a1", "b1", "a2")
    queue.remove("a1")
    queue.remove("a1")
    queue.remove("never there")
    assert list(queue) == ["b1", "a2"]
