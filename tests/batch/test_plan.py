from pathlib import Path

import pytest
from jcarsr.inference.jobs import Job, Refused, plan_jobs


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    root = tmp_path / "in"
    for name in ("a.jpg", "b.png", "deep/er/c.webp", "notes.txt"):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).touch()
    return root


def targets(jobs: list[Job | Refused]) -> list[str]:
    return [str(job.target) for job in jobs if isinstance(job, Job)]


def test_file_goes_into_the_folder_with_scale_and_format(folder: Path) -> None:
    jobs = plan_jobs([folder / "a.jpg"], Path("out"), scale=4, format=None)
    assert targets(jobs) == ["out/a_x4.png"]


def test_single_file_may_name_its_result(folder: Path) -> None:
    jobs = plan_jobs([folder / "a.jpg"], Path("result.JPEG"), scale=2, format="jpg")
    assert targets(jobs) == ["result.JPEG"]


def test_existing_folder_with_a_dot_stays_a_folder(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "v1.png").mkdir()
    jobs = plan_jobs([folder / "a.jpg"], tmp_path / "v1.png", scale=2, format="webp")
    assert targets(jobs) == [str(tmp_path / "v1.png" / "a_x2.webp")]


def test_several_inputs_never_share_a_file_name(folder: Path) -> None:
    jobs = plan_jobs([folder / "a.jpg", folder / "b.png"], Path("o.png"), scale=2, format=None)
    assert targets(jobs) == ["o.png/a_x2.png", "o.png/b_x2.png"]


def test_tree_is_mirrored_and_other_files_left(folder: Path) -> None:
    jobs = plan_jobs([folder], Path("out"), scale=2, format="jpg")
    assert targets(jobs) == ["out/a_x2.jpg", "out/b_x2.jpg", "out/deep/er/c_x2.jpg"]


def test_clash_is_refused_and_suffix_resolves_it(folder: Path) -> None:
    (folder / "a.png").touch()
    inputs = [folder / "a.jpg", folder / "a.png"]
    first, second = plan_jobs(inputs, Path("out"), scale=2, format=None)
    assert isinstance(first, Job)
    assert isinstance(second, Refused)
    assert "{suffix}" in second.reason
    jobs = plan_jobs(inputs, Path("out"), scale=2, format=None, name="{stem}-{suffix}")
    assert targets(jobs) == ["out/a-jpg.png", "out/a-png.png"]


def test_inputs_are_never_overwritten(folder: Path) -> None:
    inputs = [folder / "a.jpg", folder / "b.png"]
    jobs = plan_jobs(inputs, folder, scale=2, format="png", name="b")
    assert all(isinstance(job, Refused) and "replace an input" in job.reason for job in jobs)


def test_results_inside_the_input_folder_are_not_restored_again(folder: Path) -> None:
    first = plan_jobs([folder], folder / "out", scale=2, format=None)
    for target in map(Path, targets(first)):
        target.parent.mkdir(parents=True, exist_ok=True)
        target.touch()
    assert plan_jobs([folder], folder / "out", scale=2, format=None) == first


def test_folder_without_pictures_is_refused(tmp_path: Path) -> None:
    (refused,) = plan_jobs([tmp_path], Path("out"), scale=2, format=None)
    assert refused == Refused(tmp_path, "a folder without pictures")


@pytest.mark.parametrize("name", ["{nothing}", "{stem", "{}", "../{stem}", "{stem.x}", ""])
def test_wrong_template_is_told(folder: Path, name: str) -> None:
    with pytest.raises(ValueError, match="--name"):
        plan_jobs([folder], Path("out"), scale=2, format=None, name=name)


def test_format_must_agree_with_the_file_name(folder: Path) -> None:
    with pytest.raises(ValueError, match="png"):
        plan_jobs([folder / "a.jpg"], Path("x.png"), scale=2, format="jpg")
