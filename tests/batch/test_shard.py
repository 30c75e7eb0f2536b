import hashlib
from pathlib import Path

import pytest
from support.plans import planned, touch

from jcarsr.batch.plan import Refused, take_shard
from jcarsr.batch.shard import FILE_NAME, WHOLE, Shard, has_ledger, ledger_files, parse_shard


@pytest.mark.parametrize(
    "text", ["0/3", "4/3", "a/b", "1", "1/0", "-1/3", "1/3/2", "١/٣", "1/9999999"]
)
def test_what_names_no_shard_is_refused_with_its_value(text: str) -> None:
    with pytest.raises(ValueError, match=rf"^--shard {text}: .*N"):
        parse_shard(text)


def test_parts_are_disjoint_whole_and_as_documented() -> None:
    places = [f"deep/{number:04}.jpg" for number in range(3000)] + ["ä.jpg", "a\udce4.jpg", "."]
    owners = {p: [n for n in range(1, 8) if Shard(n, 7).owns(p)] for p in places}
    assert all(len(found) == 1 for found in owners.values())
    counts = [sum(found == [n] for found in owners.values()) for n in range(1, 8)]
    assert min(counts) > 3000 / 7 * 0.8  # shares of a fair hash: 5 deviations from the mean
    assert max(counts) < 3000 / 7 * 1.2
    digest = hashlib.sha256("ä.jpg".encode()).hexdigest()  # the rule in the documents
    assert owners["ä.jpg"] == [int(digest[:16], 16) % 7 + 1]


def test_one_part_is_everything() -> None:
    assert Shard(1, 1) == WHOLE
    assert WHOLE.owns("any")
    assert WHOLE.ledger_name == FILE_NAME


def test_ledgers_are_found_by_their_names(tmp_path: Path) -> None:
    assert not has_ledger(tmp_path)
    others = ("jcarsr-ledger.0-of-3.sqlite3", "jcarsr-ledger.4-of-3.sqlite3", "a.sqlite3")
    touch(tmp_path, *others, FILE_NAME + "-journal", "jcarsr-ledger.1-of-1.sqlite3")
    assert ledger_files(tmp_path) == {}
    touch(tmp_path, Shard(10, 12).ledger_name, Shard(2, 12).ledger_name, FILE_NAME)
    assert list(ledger_files(tmp_path)) == [WHOLE, Shard(2, 12), Shard(10, 12)]
    assert has_ledger(tmp_path)


def test_shards_share_the_whole_plan_out(tmp_path: Path) -> None:
    names = [f"{folder}{name}" for folder in ("", "d/") for name in ("a.jpg", "a.png", "b.jpg")]
    touch(tmp_path / "in", *names)
    (tmp_path / "in" / "empty.png").touch()
    inputs = [tmp_path / "in", tmp_path / "gone.jpg"]
    plan = planned(inputs, tmp_path / "out")
    assert len(plan.jobs) == len(plan.places) == 8
    parts = [take_shard(plan, Shard(number, 3)) for number in (1, 2, 3)]
    assert sorted(map(str, plan.jobs)) == sorted(str(job) for part in parts for job in part.jobs)
    assert all(part.folder == plan.folder for part in parts)
    places = dict(zip(map(str, (job.source for job in plan.jobs)), plan.places, strict=True))
    assert places[str(tmp_path / "in" / "d" / "b.jpg")] == "d/b.jpg"
    assert places[str(tmp_path / "in" / "empty.png")] == "empty.png"
    assert places[str(tmp_path / "gone.jpg")] == "gone.jpg"


def test_shares_do_not_depend_on_where_the_folder_lies(tmp_path: Path) -> None:
    """Nor do those of inputs that are refused: none is refused by two shards, or by none."""
    shares = []
    for home in ("mnt/one", "two"):
        touch(tmp_path / home, *(f"{number}.jpg" for number in range(20)))
        for number in range(20, 30):
            (tmp_path / home / f"{number}.jpg").touch()
        plan = planned([tmp_path / home], tmp_path / "out")
        assert sum(isinstance(job, Refused) for job in plan.jobs) == 10
        jobs = take_shard(plan, Shard(2, 3)).jobs
        shares.append([Path(job.source).name for job in jobs])
    assert shares[0] == shares[1]
    assert 0 < len(shares[0]) < 30


def test_results_in_no_folder_have_no_shards(tmp_path: Path) -> None:
    (source,) = touch(tmp_path, "a.jpg")
    with pytest.raises(ValueError, match="--shard 1/2: results of shards go to a folder"):
        take_shard(planned([source], tmp_path / "b.png"), Shard(1, 2))
