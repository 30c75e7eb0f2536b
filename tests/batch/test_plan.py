import os
import random
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jcarsr.batch.plan import DEFAULT_NAME, Job, Plan, Refused, plan_jobs
from jcarsr.restoring.outputs import Kind

BOTH: tuple[Kind, ...] = ("picture", "gradient")


def planned(
    inputs: list[Path],
    out: Path | None,
    *,
    size: str = "x2",
    format: str | None = None,
    name: str = DEFAULT_NAME,
    outputs: tuple[Kind, ...] = ("picture",),
) -> Plan:
    return plan_jobs(inputs, out, size=size, format=format, name=name, outputs=outputs)


def targets(plan: Plan) -> list[str]:
    return [str(job.target) for job in plan.jobs if isinstance(job, Job)]


def pairs(plan: Plan) -> set[tuple[str, str]]:
    return {(job.source.name, job.target.name) for job in plan.jobs if isinstance(job, Job)}


def touch(root: Path, *names: str) -> list[Path]:
    paths = [root / name for name in names]
    for path in paths:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"picture")
    return paths


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    root = tmp_path / "in"
    touch(root, "a.jpg", "b.png", "deep/er/c.webp", "notes.txt")
    return root


class TestNames:
    def test_file_goes_into_the_folder_with_size_and_format(self, folder: Path) -> None:
        plan = planned([folder / "a.jpg"], Path("out"), size="x4")
        assert targets(plan) == ["out/a_x4.png"]
        assert plan.folder == Path("out")

    def test_single_file_may_name_its_result(self, folder: Path) -> None:
        plan = planned([folder / "a.jpg"], Path("result.JPEG"), format="jpg")
        assert plan == Plan([Job(folder / "a.jpg", Path("result.JPEG"))], folder=None)

    def test_existing_folder_with_a_dot_stays_a_folder(self, folder: Path, tmp_path: Path) -> None:
        (tmp_path / "v1.png").mkdir()
        plan = planned([folder / "a.jpg"], tmp_path / "v1.png", format="webp")
        assert targets(plan) == [str(tmp_path / "v1.png" / "a_x2.webp")]
        assert plan.folder == tmp_path / "v1.png"

    def test_folder_is_not_needed_where_nothing_can_be_done(
        self, folder: Path, tmp_path: Path
    ) -> None:
        (tmp_path / "empty.jpg").touch()
        (tmp_path / "none").mkdir()
        nothing = [tmp_path / name for name in ("missing.jpg", "none", "empty.jpg")]
        for inputs in ([nothing[0]], [nothing[2]], nothing):
            plan = planned(inputs, Path("out"))
            assert (plan.folder, len(plan.jobs)) == (None, len(inputs))
        assert planned([*nothing, folder], Path("out")).folder == Path("out")
        os.mkfifo(tmp_path / "pipe")  # nobody knows what will come
        assert planned([tmp_path / "pipe"], Path("out")).folder == Path("out")

    @pytest.mark.parametrize("name", ["a.bmp", "a.GIF", "a.heic", "a.jxl", "a.dng", "-"])
    def test_format_that_is_not_written_is_no_folder(
        self, folder: Path, tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.chdir(tmp_path)
        for inputs in ([folder / "a.jpg"], [folder]):
            with pytest.raises(ValueError, match="results can be png, jpg, webp, avif, tiff"):
                planned(inputs, Path(name))
        if name != "-":
            Path(name).mkdir()
            assert targets(planned([folder / "a.jpg"], Path(name))) == [f"{name}/a_x2.png"]

    def test_name_of_dots_gives_no_hidden_result(self, tmp_path: Path) -> None:
        touch(tmp_path / "in", "..jpg", "...jpg")
        assert sorted(targets(planned([tmp_path / "in"], Path("o")))) == [
            "o/___x2.png",
            "o/__x2.png",
        ]

    def test_several_inputs_never_share_a_file_name(self, folder: Path) -> None:
        plan = planned([folder / "a.jpg", folder / "b.png"], Path("o.png"))
        assert targets(plan) == ["o.png/a_x2.png", "o.png/b_x2.png"]
        assert plan.folder == Path("o.png")

    def test_tree_is_mirrored_and_other_files_left(self, folder: Path) -> None:
        plan = planned([folder], Path("out"), format="jpg")
        assert targets(plan) == ["out/a_x2.jpg", "out/b_x2.jpg", "out/deep/er/c_x2.jpg"]

    def test_what_macos_keeps_beside_a_picture_is_none(self, folder: Path) -> None:
        touch(folder, "._a.jpg", "deep/._c.webp")
        plan = planned([folder], Path("out"))
        assert len(plan.jobs) == 3
        assert not any("._" in target for target in targets(plan))

    def test_file_given_by_its_name_is_taken_whatever_the_name(self, folder: Path) -> None:
        touch(folder, "._a.jpg")
        assert targets(planned([folder / "notes.txt"], Path("o"))) == ["o/notes_x2.png"]
        assert targets(planned([folder / "._a.jpg"], Path("o"))) == ["o/._a_x2.png"]

    def test_template_knows_stem_suffix_and_size(self, folder: Path) -> None:
        plan = planned([folder / "a.jpg"], Path("o"), size="width-9", name="{size}.{suffix}.{stem}")
        assert targets(plan) == ["o/width-9.jpg.a.png"]

    @pytest.mark.parametrize(
        "name", ["{nothing}", "{stem", "{}", "../{stem}", "{stem.x}", "{stem[x]}", "", ".", "/"]
    )
    def test_wrong_template_is_told(self, folder: Path, name: str) -> None:
        with pytest.raises(ValueError, match="--name"):
            planned([folder], Path("out"), name=name)

    def test_format_must_agree_with_the_file_name(self, folder: Path) -> None:
        with pytest.raises(ValueError, match="png"):
            planned([folder / "a.jpg"], Path("x.png"), format="jpg")

    @pytest.mark.parametrize(
        "name",
        ["line\nbreak.jpg", "tab\t.jpg", os.fsdecode(b"\xff\xfe.jpg"), "ü\u202e.jpg", "{stem}.jpg"],
    )
    def test_odd_file_names_are_kept(self, tmp_path: Path, name: str) -> None:
        touch(tmp_path / "in", name)
        (job,) = planned([tmp_path / "in"], tmp_path / "out").jobs
        assert job == Job(
            tmp_path / "in" / name, tmp_path / "out" / (name.removesuffix(".jpg") + "_x2.png")
        )

    def test_name_too_long_for_the_system_is_an_ordinary_input(self, tmp_path: Path) -> None:
        source = tmp_path / ("n" * 300 + ".jpg")
        assert planned([source], tmp_path / "out").jobs == [
            Job(source, tmp_path / "out" / ("n" * 300 + "_x2.png"))
        ]


class TestWithoutOut:
    def test_results_stand_beside_their_pictures(self, folder: Path) -> None:
        (c,) = touch(folder, "deep/er/c.webp")
        plan = planned([folder / "a.jpg", c], None, format="webp")
        assert targets(plan) == [str(folder / "a_x2.webp"), str(c.with_name("c_x2.webp"))]
        assert plan.folder is None

    def test_path_without_folder_stays_so(
        self, folder: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.chdir(folder)
        assert targets(planned([Path("a.jpg")], None)) == ["a_x2.png"]

    def test_clashes_are_told_apart_and_inputs_are_safe(self, folder: Path) -> None:
        inputs = touch(folder, "a.jpg", "a.png", "b_x2.png")
        jobs = planned([*inputs, folder / "b.png"], None).jobs
        results = {job.source.name: job.target.name for job in jobs if isinstance(job, Job)}
        assert results == {
            "a.jpg": "a_jpg_x2.png",
            "a.png": "a_png_x2.png",
            "b_x2.png": "b_x2_x2.png",
        }
        (refused,) = (job for job in jobs if isinstance(job, Refused))
        assert refused.source == folder / "b.png"
        assert "would replace an input" in refused.reason

    def test_folder_needs_another_one(self, folder: Path) -> None:
        with pytest.raises(ValueError, match=r"in: a folder's results need another one: --out"):
            planned([folder / "a.jpg", folder], None)


class TestClashes:
    def test_extension_tells_them_apart_whatever_their_order(self, folder: Path) -> None:
        inputs = [*touch(folder, "a.jpg", "a.png", "a.webp"), folder / "b.png"]
        expected = {
            ("a.jpg", "a_jpg_x2.png"),
            ("a.png", "a_png_x2.png"),
            ("a.webp", "a_webp_x2.png"),
            ("b.png", "b_x2.png"),
        }
        assert pairs(planned(inputs, Path("out"))) == expected
        assert pairs(planned(inputs[::-1], Path("out"))) == expected

    def test_longer_name_that_is_another_pictures_is_told_apart_too(self, folder: Path) -> None:
        inputs = touch(folder, "a.jpg", "a.png", "a_jpg.png")
        expected = {
            ("a.jpg", "a_jpg_x2.png"),
            ("a.png", "a_png_x2.png"),
            ("a_jpg.png", "a_jpg_png_x2.png"),
        }
        assert pairs(planned(inputs, Path("out"))) == expected
        assert pairs(planned(inputs[::-1], Path("out"))) == expected

    def test_template_without_clash_is_left_alone(self, folder: Path) -> None:
        inputs = touch(folder, "a.jpg", "a.png")
        plan = planned(inputs, Path("out"), name="{stem}-{suffix}")
        assert targets(plan) == ["out/a-jpg.png", "out/a-png.png"]

    def test_those_in_different_folders_are_none(self, folder: Path) -> None:
        touch(folder, "deep/a.png")
        assert "out/deep/a_x2.png" in targets(planned([folder], Path("out")))

    def test_same_name_from_two_folders_is_refused_for_one_of_them(self, folder: Path) -> None:
        inputs = touch(folder, "one/a.jpg", "two/a.jpg")
        for given_inputs in (inputs, inputs[::-1]):
            plan = planned(given_inputs, Path("out"))
            (refused,) = (job for job in plan.jobs if isinstance(job, Refused))
            assert refused.source == inputs[1]
            assert str(inputs[0]) in refused.reason
            assert len(targets(plan)) == 1

    def test_template_that_names_all_alike_leaves_one(self, folder: Path) -> None:
        plan = planned([folder / "a.jpg", folder / "b.png"], Path("out"), name="all")
        job, refused = plan.jobs
        assert job == Job(folder / "a.jpg", Path("out/all.png"))
        assert isinstance(refused, Refused)
        assert "--name" in refused.reason

    def test_gradient_map_is_not_anothers_result(self, folder: Path) -> None:
        inputs = touch(folder, "a.jpg", "a.gradient.jpg")
        for given_inputs in (inputs, inputs[::-1]):
            without = planned(given_inputs, Path("out"), name="{stem}")
            assert sorted(targets(without)) == ["out/a.gradient.png", "out/a.png"]
            plan = planned(given_inputs, Path("out"), name="{stem}", outputs=BOTH)
            assert len(targets(plan)) == 1
            (refused,) = (job for job in plan.jobs if isinstance(job, Refused))
            assert "a.gradient.png" in refused.reason


class TestTwice:
    def test_file_given_twice_is_one_input(self, folder: Path) -> None:
        path = folder / "a.jpg"
        assert targets(planned([path, path], Path("out"))) == ["out/a_x2.png"]

    def test_file_given_beside_its_folder_is_one_input(self, folder: Path) -> None:
        plan = planned([folder / "b.png", folder], Path("out"))
        assert targets(plan) == ["out/b_x2.png", "out/a_x2.png", "out/deep/er/c_x2.png"]

    def test_another_way_to_write_a_path_is_the_same_input(
        self, folder: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.chdir(folder)
        inputs = [folder, Path("a.jpg"), Path("deep/../b.png")]
        plan = planned(inputs, Path("../out"))
        assert targets(plan) == [
            "../out/a_x2.png",
            "../out/b_x2.png",
            "../out/deep/er/c_x2.png",
        ]

    def test_link_under_another_name_is_another_input(self, folder: Path) -> None:
        (folder / "z.jpg").symlink_to("a.jpg")
        assert "out/z_x2.png" in targets(planned([folder], Path("out")))

    def test_empty_folder_given_twice_is_told_once(self, tmp_path: Path) -> None:
        plan = planned([tmp_path, tmp_path], Path("out"))
        assert plan.jobs == [Refused(tmp_path, "a folder without pictures")]


class TestInputsAreSafe:
    def test_they_are_never_overwritten(self, folder: Path) -> None:
        inputs = [folder / "a.jpg", folder / "b.png"]
        jobs = planned(inputs, folder, format="png", name="b").jobs
        assert all(isinstance(job, Refused) and "replace an input" in job.reason for job in jobs)

    def test_not_through_a_link_either(self, folder: Path, tmp_path: Path) -> None:
        (tmp_path / "link").symlink_to(folder)
        (job,) = planned([folder / "b.png"], tmp_path / "link" / "b.png").jobs
        assert isinstance(job, Refused)

    def test_not_by_a_gradient_map(self, folder: Path) -> None:
        touch(folder, "a.gradient.png")
        inputs = [folder / "a.jpg", folder / "a.gradient.png"]
        first, _ = planned(inputs, folder, name="{stem}", outputs=BOTH).jobs
        assert isinstance(first, Refused)
        assert "replace an input" in first.reason

    def test_results_inside_the_input_folder_are_not_restored_again(self, folder: Path) -> None:
        first = planned([folder], folder / "out")
        assert len(first.jobs) == 3
        touch(Path(), *targets(first))
        assert planned([folder], folder / "out") == first

    @pytest.mark.parametrize("out", ["in", "in/../in", "link"])
    def test_results_among_the_inputs_are_refused(
        self, folder: Path, tmp_path: Path, out: str
    ) -> None:
        """The next run could not tell them from new pictures."""
        (tmp_path / "link").symlink_to(folder)
        with pytest.raises(ValueError, match="among"):
            planned([folder], tmp_path / out)

    def test_results_that_only_a_deeper_folder_leads_among_the_inputs_are_refused(
        self, tmp_path: Path
    ) -> None:
        touch(tmp_path, "deep/deep/a.jpg")
        with pytest.raises(ValueError, match="among"):
            planned([tmp_path / "deep"], tmp_path)

    def test_single_files_may_stand_beside_their_results(self, folder: Path) -> None:
        inputs = [folder / "a.jpg", folder / "b.png"]
        assert len(targets(planned(inputs, folder))) == 2


class TestFolders:
    def test_without_pictures_is_refused(self, tmp_path: Path) -> None:
        (refused,) = planned([tmp_path], Path("out")).jobs
        assert refused == Refused(tmp_path, "a folder without pictures")

    def test_loop_of_links_ends(self, folder: Path) -> None:
        (folder / "deep" / "up").symlink_to(folder)
        (folder / "b").symlink_to("b")
        assert len(planned([folder], Path("out")).jobs) == 3

    def test_link_to_itself_is_an_input_that_will_be_told(self, folder: Path) -> None:
        (folder / "self.jpg").symlink_to("self.jpg")
        (folder / "broken.jpg").symlink_to("nowhere")
        plan = planned([folder, folder / "self.jpg"], Path("out"))
        assert "out/self_x2.png" in targets(plan)
        assert "out/broken_x2.png" in targets(plan)
        assert len(plan.jobs) == 5

    def test_folder_that_is_a_link_is_searched_if_it_was_asked_for(
        self, folder: Path, tmp_path: Path
    ) -> None:
        (tmp_path / "link").symlink_to(folder)
        assert len(targets(planned([tmp_path / "link"], Path("out")))) == 3

    def test_pipe_with_a_pictures_name_is_refused(self, folder: Path) -> None:
        """Reading it would wait for ever."""
        os.mkfifo(folder / "pipe.jpg")
        refused = [j for j in planned([folder], Path("out")).jobs if isinstance(j, Refused)]
        assert refused == [Refused(folder / "pipe.jpg", "not a file")]

    def test_order_on_disk_does_not_matter(
        self, folder: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        first = planned([folder], Path("out"))
        walk = os.walk

        def backwards(*args: object, **kwargs: object):
            for where, folders, files in walk(*args, **kwargs):  # type: ignore[call-overload]
                folders.reverse()
                files.sort(reverse=True)
                yield where, folders, files

        monkeypatch.setattr(os, "walk", backwards)
        assert planned([folder], Path("out")) == first

    @pytest.mark.skipif(os.geteuid() == 0, reason="root may read every folder")
    def test_unreadable_one_is_told(self, folder: Path) -> None:
        (folder / "deep").chmod(0)
        try:
            jobs = planned([folder], Path("out")).jobs
        finally:
            (folder / "deep").chmod(0o755)
        (refused,) = (job for job in jobs if isinstance(job, Refused))
        assert refused.source == folder / "deep"
        assert "cannot be read" in refused.reason
        assert len(jobs) == 3

    @pytest.mark.skipif(os.geteuid() == 0, reason="root may read every folder")
    def test_file_in_a_closed_folder_is_an_ordinary_input(self, folder: Path) -> None:
        (folder / "deep").chmod(0)
        try:
            (job,) = planned([folder / "deep" / "x.jpg"], Path("out")).jobs
        finally:
            (folder / "deep").chmod(0o755)
        assert isinstance(job, Job)


NAMES = st.tuples(
    st.sampled_from(["a", "b", "a_x2", "a_jpg", "a_png", "a_jpg_jpg", "a.gradient", "ä\n"]),
    st.sampled_from([".jpg", ".png", ".JPG", ".webp", ".txt", ""]),
).map("".join)
TREES = st.lists(
    st.tuples(st.sampled_from(["", "s/", "s/t/", "a_x2.png/"]), NAMES).map("".join),
    unique=True,
    max_size=12,
)


@settings(max_examples=80, deadline=None)
@given(
    tree=TREES,
    singles=st.sets(st.integers(0, 11)),
    out=st.sampled_from(["out", "in/out", "in", "in/s"]),
    name=st.sampled_from([DEFAULT_NAME, "{stem}", "all", "is{suffix}"]),
    outputs=st.sampled_from([("picture",), BOTH]),
    seed=st.integers(0, 9),
)
def test_every_input_once_and_every_result_once(
    tree: list[str], singles: set[int], out: str, name: str, outputs: tuple[Kind, ...], seed: int
) -> None:
    with tempfile.TemporaryDirectory() as place:
        root = Path(place)
        (root / "in").mkdir()
        made = []
        for file in tree:
            path = root / "in" / file
            if not path.exists() and not path.parent.is_file():
                made += touch(root / "in", file)
        inputs = [root / "in", *(made[i] for i in singles if i < len(made))]
        whole_folder = out in ("out", "in/out")
        if not whole_folder:  # results beside the pictures: only single files may be given
            inputs = inputs[1:]
        plan = planned(inputs, root / out, name=name, outputs=outputs)

        jobs = [job for job in plan.jobs if isinstance(job, Job)]
        sources = {path for path in made if path in inputs}
        if whole_folder:
            pictures = (".jpg", ".png", ".webp")
            found = {path for path in made if path.suffix.lower() in pictures}
            sources |= found
            # a file of a deeper folder that is also given by its name has a second result
            extra = sum(p in inputs and p in found and p.parent != root / "in" for p in made)
            if not found:
                refused = [job for job in plan.jobs if isinstance(job, Refused)]
                reasons = [job.reason for job in refused if job.source == root / "in"]
                assert any(reason.startswith("a folder without pictures") for reason in reasons)
                sources.add(root / "in")
        else:
            extra = 0
        assert len(plan.jobs) == len(sources) + extra
        assert {job.source for job in plan.jobs} == sources

        maps = [job.target.with_suffix(".gradient.png") for job in jobs] if outputs == BOTH else []
        written = [os.path.realpath(path) for path in (*(job.target for job in jobs), *maps)]
        assert len(set(written)) == len(written)
        assert not set(written) & {os.path.realpath(path) for path in sources}

        random.Random(seed).shuffle(inputs)
        again = planned(inputs, root / out, name=name, outputs=outputs)
        assert set(again.jobs) == set(plan.jobs)
