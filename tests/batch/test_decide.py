import hashlib
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jcarsr.batch.decide import Decision, decide, is_source, sha256_of
from jcarsr.batch.ledger import Entry
from jcarsr.errors import ImageError

OLD, NEW, FOREIGN = b"old result", b"new result", b"somebody's"


SOURCE = Path("/pictures/a.jpg")


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def entry(
    state: str = "done",
    *,
    source: str | None = "input",
    settings: str | None = "settings",
    weights: str | None = "weights",
    result: bytes | None = NEW,
    previous: bytes | None = None,
    place: Path = SOURCE,
) -> Entry:
    return Entry(
        target="a.png",
        source=str(place),
        state=state,  # type: ignore[arg-type]
        source_sha256=source,
        settings=settings,
        weights_sha256=weights,
        result_sha256=None if result is None else sha256(result),
        previous_sha256=None if previous is None else sha256(previous),
    )


def decided(target: Path, entry: Entry | None, *, overwrite: bool = False) -> Decision:
    return decide(
        target,
        entry,
        source=SOURCE,
        source_sha256="input",
        settings="settings",
        weights_sha256="weights",
        overwrite=overwrite,
    )


SKIP, RESTORE, REFUSE = "skip", "restore", "refuse"
FAILED = entry("failed", source=None, settings=None, weights=None, result=None, previous=OLD)


@pytest.mark.parametrize(
    ("found", "said", "overwrite", "expected"),
    [
        # nothing is there
        (None, None, False, RESTORE),
        (None, entry(), False, RESTORE),  # deleted by the user
        (None, entry("pending"), False, RESTORE),  # killed before the rename
        (None, FAILED, False, RESTORE),
        # done, by the same
        (NEW, entry(), False, SKIP),
        (NEW, entry(), True, SKIP),
        (NEW, entry("pending", previous=OLD), False, SKIP),  # killed after the rename
        # ours, of something else
        (NEW, entry(source="other"), False, NEW),
        (NEW, entry(settings="other"), False, NEW),
        (NEW, entry(weights="other"), False, NEW),
        (NEW, entry(weights=None), False, NEW),
        (OLD, entry("pending", previous=OLD), False, OLD),  # killed before the rename
        (OLD, entry("pending", previous=OLD), True, OLD),
        (OLD, FAILED, False, OLD),
        (NEW, entry("failed", source=None, result=NEW, previous=OLD), False, NEW),
        # of other origin
        (FOREIGN, None, False, REFUSE),
        (FOREIGN, entry(), False, REFUSE),  # our result, edited
        (FOREIGN, entry("pending", previous=OLD), False, REFUSE),
        (FOREIGN, FAILED, False, REFUSE),
        (FOREIGN, None, True, RESTORE),
        (FOREIGN, entry(), True, RESTORE),
        (NEW, None, False, REFUSE),  # the ledger was deleted
    ],
)
def test_table(
    tmp_path: Path,
    found: bytes | None,
    said: Entry | None,
    overwrite: bool,
    expected: str | bytes,
) -> None:
    target = tmp_path / "a.png"
    if found is not None:
        target.write_bytes(found)
    if expected == REFUSE:
        with pytest.raises(ImageError) as told:
            decided(target, said, overwrite=overwrite)
        assert str(told.value) == f"{target} exists already: overwrite=True replaces it"
        return
    decision = decided(target, said, overwrite=overwrite)
    if isinstance(expected, bytes):
        assert decision == Decision(skip=False, previous_sha256=sha256(expected))
    elif expected == SKIP:
        assert decision == Decision(skip=True, previous_sha256=sha256(NEW))
    else:
        assert decision == Decision(skip=False)


def test_unknown_weights_now_are_other_weights(tmp_path: Path) -> None:
    target = tmp_path / "a.png"
    target.write_bytes(NEW)
    decision = decide(
        target,
        entry(),
        source=SOURCE,
        source_sha256="input",
        settings="settings",
        weights_sha256=None,
        overwrite=False,
    )
    assert decision == Decision(skip=False, previous_sha256=sha256(NEW))


OTHER = Path("/elsewhere/a.jpg")


@pytest.mark.parametrize(
    ("found", "said"),
    [
        (NEW, entry(source="other", place=OTHER)),
        (NEW, entry("failed", source=None, place=OTHER)),
        (OLD, entry("pending", source="other", previous=OLD, place=OTHER)),
    ],
)
def test_result_of_another_picture_is_left_until_overwrite(
    tmp_path: Path, found: bytes, said: Entry
) -> None:
    target = tmp_path / "a.png"
    target.write_bytes(found)
    with pytest.raises(ImageError) as told:
        decided(target, said)
    assert str(told.value) == (
        f"its result {target} is that of {OTHER}: change --name or --out, or --overwrite "
        "replaces it"
    )
    replacing = Decision(skip=False, previous_sha256=sha256(found))
    assert decided(target, said, overwrite=True) == replacing


def test_picture_that_was_moved_is_the_same(tmp_path: Path) -> None:
    target = tmp_path / "a.png"
    target.write_bytes(NEW)
    assert decided(target, entry(place=OTHER)).skip
    assert not decided(target, entry(settings="other", place=OTHER)).skip


def test_link_to_the_picture_is_the_same(tmp_path: Path) -> None:
    (tmp_path / "album").mkdir()
    (tmp_path / "link").symlink_to("album")
    said = entry(source="before", place=tmp_path / "album" / "a.jpg")
    assert is_source(said, tmp_path / "link" / "a.jpg")
    assert not is_source(said, tmp_path / "b.jpg")


def test_folder_in_the_results_place_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ImageError, match="exists already"):
        decided(tmp_path, entry())


@pytest.mark.parametrize("leads_to", ["nowhere", "a.png"])
def test_link_that_leads_nowhere_is_somebodys_too(tmp_path: Path, leads_to: str) -> None:
    target = tmp_path / "a.png"
    target.symlink_to(leads_to)
    with pytest.raises(ImageError, match="exists already"):
        decided(target, entry())
    assert decided(target, entry(), overwrite=True) == Decision(skip=False)


def test_name_that_no_file_can_have_is_told(tmp_path: Path) -> None:
    with pytest.raises(ImageError, match="too long"):
        decided(tmp_path / ("n" * 300), None)


def test_hash_is_that_of_the_bytes(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"abc")  # FIPS 180-2, appendix B.1
    expected = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    assert sha256_of(tmp_path / "a") == expected


CONTENTS = st.sampled_from([OLD, NEW, FOREIGN])
TEXTS = st.sampled_from(["same", "other", None])


@settings(max_examples=200, deadline=None)
@given(
    found=CONTENTS,
    state=st.sampled_from(["pending", "done", "failed"]),
    made_from=st.tuples(TEXTS, TEXTS, TEXTS),
    result=st.none() | CONTENTS,
    previous=st.none() | CONTENTS,
    now=st.tuples(st.just("same"), st.just("same"), TEXTS),
    overwrite=st.booleans(),
)
def test_what_is_not_ours_is_never_replaced(
    found: bytes,
    state: str,
    made_from: tuple[str | None, str | None, str | None],
    result: bytes | None,
    previous: bytes | None,
    now: tuple[str, str, str | None],
    overwrite: bool,
) -> None:
    said = entry(
        state,
        source=made_from[0],
        settings=made_from[1],
        weights=made_from[2],
        result=result,
        previous=previous,
    )
    ours = found in (result, previous)
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder) / "a.png"
        target.write_bytes(found)
        try:
            decision = decide(
                target,
                said,
                source=SOURCE,
                source_sha256=now[0],
                settings=now[1],
                weights_sha256=now[2],
                overwrite=overwrite,
            )
        except ImageError:
            assert not ours
            assert not overwrite
            return
        finally:
            assert target.read_bytes() == found  # deciding changes nothing
    assert ours or overwrite
    if decision.skip:
        assert found == result
        assert made_from == now
    assert decision.previous_sha256 == (sha256(found) if ours else None)
