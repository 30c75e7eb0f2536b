"""Plans of runs into a folder that has results already."""

from pathlib import Path

import pytest
from support.plans import as_earlier, planned, targets, touch

from jcarsr.batch.plan import FileJob, Refused


def moves(inputs: list[Path], out: Path, earlier: dict[str, Path]) -> dict[str, str]:
    """Target of each source, below their folders."""
    jobs = planned(inputs, out, earlier=earlier).jobs
    root = inputs[0].parent
    return {
        job.source.relative_to(root).as_posix(): job.target.relative_to(out).as_posix()
        for job in jobs
        if isinstance(job, FileJob)
    }


OUT = Path("out")


def test_newcomer_alone_gets_the_long_name(folder: Path) -> None:
    earlier = as_earlier(planned([folder], OUT))
    touch(folder, "a.png")
    assert moves([folder], OUT, earlier) == {
        "in/a.jpg": "a_x2.png",
        "in/a.png": "a_png_x2.png",
        "in/b.png": "b_x2.png",
        "in/deep/er/c.webp": "deep/er/c_x2.png",
    }


def test_one_that_stays_behind_does_not_take_the_others_name(folder: Path) -> None:
    touch(folder, "a.png")
    earlier = as_earlier(planned([folder], OUT))
    assert earlier.keys() >= {"out/a_jpg_x2.png", "out/a_png_x2.png"}
    (folder / "a.jpg").unlink()
    assert "out/a_png_x2.png" in targets(planned([folder], OUT, earlier=earlier))


def test_newcomer_of_another_run_gets_the_long_name(folder: Path, tmp_path: Path) -> None:
    earlier = as_earlier(planned([folder / "a.jpg"], OUT))
    (newcomer,) = touch(tmp_path, "elsewhere/a.png")
    plan = planned([newcomer], OUT, earlier=earlier)
    assert targets(plan) == ["out/a_png_x2.png"]
    again = planned([newcomer], OUT, earlier=earlier | as_earlier(plan))
    assert targets(again) == ["out/a_png_x2.png"]
    alike = planned(touch(tmp_path, "elsewhere/a.jpg"), OUT, earlier=earlier)
    assert targets(alike) == ["out/a_x2.png"]  # whose it is, the bytes tell


def test_ledger_may_have_written_the_path_otherwise(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(folder)
    earlier = as_earlier(planned([Path()], Path("../out")))
    touch(folder, "a.png")
    again = targets(planned([folder], Path("../out"), earlier=earlier))
    assert again[:2] == ["../out/a_x2.png", "../out/a_png_x2.png"]


class TestSeveralFolders:
    @pytest.fixture
    def shoots(self, tmp_path: Path) -> list[Path]:
        names = ("100CANON/IMG_1.JPG", "100CANON/deep/IMG_3.JPG", "101CANON/IMG_1.JPG")
        touch(tmp_path / "dcim", *names, "101CANON/IMG_2.JPG")
        return [tmp_path / "dcim" / name for name in ("100CANON", "101CANON")]

    def test_each_is_mirrored_under_its_name(self, shoots: list[Path]) -> None:
        expected = {
            "100CANON/IMG_1.JPG": "100CANON/IMG_1_x2.png",
            "100CANON/deep/IMG_3.JPG": "100CANON/deep/IMG_3_x2.png",
            "101CANON/IMG_1.JPG": "101CANON/IMG_1_x2.png",
            "101CANON/IMG_2.JPG": "101CANON/IMG_2_x2.png",
        }
        assert moves(shoots, OUT, {}) == expected
        assert moves(shoots[::-1], OUT, {}) == expected
        assert moves([*shoots, shoots[0]], OUT, {}) == expected

    def test_one_that_comes_later_leaves_the_first_where_it_is(self, shoots: list[Path]) -> None:
        first = as_earlier(planned(shoots[:1], OUT))
        assert moves(shoots, OUT, first) == {
            "100CANON/IMG_1.JPG": "IMG_1_x2.png",
            "100CANON/deep/IMG_3.JPG": "deep/IMG_3_x2.png",
            "101CANON/IMG_1.JPG": "101CANON/IMG_1_x2.png",
            "101CANON/IMG_2.JPG": "101CANON/IMG_2_x2.png",
        }

    def test_one_alone_again_is_found_where_it_was(self, shoots: list[Path]) -> None:
        both = as_earlier(planned(shoots, OUT))
        assert moves(shoots[1:], OUT, both) == {
            "101CANON/IMG_1.JPG": "101CANON/IMG_1_x2.png",
            "101CANON/IMG_2.JPG": "101CANON/IMG_2_x2.png",
        }
        picture = shoots[1] / "IMG_2.JPG"  # named itself, it goes where it is sent
        assert targets(planned([picture], OUT, earlier=both)) == ["out/IMG_2_x2.png"]

    def test_picture_named_beside_its_folder_is_one_input(self, shoots: list[Path]) -> None:
        plan = planned([shoots[1] / "IMG_2.JPG", *shoots], OUT)
        assert len(plan.jobs) == 4
        assert targets(plan)[0] == "out/101CANON/IMG_2_x2.png"

    def test_names_that_are_alike_stand_below_their_folders(self, tmp_path: Path) -> None:
        touch(tmp_path, "x/s/a.jpg", "y/s/a.jpg")
        plan = planned([tmp_path / "x" / "s", tmp_path / "y" / "s"], OUT)
        assert targets(plan) == ["out/x/s/a_x2.png", "out/y/s/a_x2.png"]


def test_result_is_its_own_sources_before_it_is_anothers(folder: Path) -> None:
    one, two = touch(folder, "one/a.jpg", "two/a.jpg")
    earlier = as_earlier(planned([two], OUT))
    for inputs in ([one, two], [two, one]):
        plan = planned(inputs, OUT, earlier=earlier)
        (refused,) = (job for job in plan.jobs if isinstance(job, Refused))
        assert refused.source == one
        assert FileJob(two, OUT / "a_x2.png") in plan.jobs


def test_what_was_refused_is_refused_again(folder: Path) -> None:
    inputs = touch(folder, "one/a.jpg", "two/a.jpg", "two/b.jpg", "two/b.png", "one/b.png")
    first = planned(inputs, OUT)
    assert planned(inputs, OUT, earlier=as_earlier(first)) == first
    assert sum(isinstance(job, Refused) for job in first.jobs) == 2
