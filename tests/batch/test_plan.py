import os
from pathlib import Path

import pytest
from support.plans import BOTH, pairs, planned, targets, touch

from jcarsr.batch.plan import FileJob, Plan, Refused
from jcarsr.restoring import place


class TestNames:
    def test_file_goes_into_the_folder_with_size_and_format(self, folder: Path) -> None:
        plan = planned([folder / "a.jpg"], Path("out"), size="x4")
        assert targets(plan) == ["out/a_x4.png"]
        assert plan.folder == Path("out")

    def test_single_file_may_name_its_result(self, folder: Path) -> None:
        plan = planned([folder / "a.jpg"], Path("result.JPEG"), format="jpg")
        assert plan == Plan([FileJob(folder / "a.jpg", Path("result.JPEG"))], folder=None)

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
        os.mkfifo(tmp_path / "pipe")  # what will come is not known
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
        files = touch(tmp_path / "in", "..jpg", "...jpg")
        assert sorted(targets(planned(files, Path("o")))) == [
            "o/___x2.png",
            "o/__x2.png",
        ]

    @pytest.mark.parametrize("name", ["o.png", "o.JPEG", "deep/o.webp"])
    def test_several_inputs_and_folders_need_a_folder(
        self, folder: Path, tmp_path: Path, name: str
    ) -> None:
        file = Path(name).name
        with pytest.raises(
            ValueError, match=f"several inputs need a folder, {file} is a picture's"
        ):
            planned([folder / "a.jpg", folder / "b.png"], tmp_path / name)
        with pytest.raises(ValueError, match=f"a folder needs a folder, {file} is a picture's"):
            planned([folder], tmp_path / name)
        (tmp_path / name).mkdir(parents=True)  # as the user wants it, or an earlier run made it
        plan = planned([folder / "a.jpg", folder / "b.png"], tmp_path / name)
        assert plan.folder == tmp_path / name
        assert {path.parent for path in map(Path, targets(plan))} == {tmp_path / name}

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
        assert job == FileJob(
            tmp_path / "in" / name, tmp_path / "out" / (name.removesuffix(".jpg") + "_x2.png")
        )

    def test_name_too_long_for_the_system_is_an_ordinary_input(self, tmp_path: Path) -> None:
        source = tmp_path / ("n" * 300 + ".jpg")
        assert planned([source], tmp_path / "out").jobs == [
            FileJob(source, tmp_path / "out" / ("n" * 300 + "_x2.png"))
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
        results = {job.source.name: job.target.name for job in jobs if isinstance(job, FileJob)}
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
            assert refused.reason == (
                f"its result out/a_x2.png is that of {inputs[0]}: "
                "--name '{parent}_{stem}_{size}' tells them apart"
            )
            assert targets(plan) == ["out/a_x2.png"]
            named = planned(given_inputs, Path("out"), name="{parent}_{stem}_{size}")
            assert sorted(targets(named)) == ["out/one_a_x2.png", "out/two_a_x2.png"]

    def test_names_that_differ_by_case_are_one_where_it_does_not_count(
        self, folder: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        inputs = touch(folder, "one/a.jpg", "two/A.png")
        assert targets(planned(inputs, Path("out"))) == ["out/a_x2.png", "out/A_x2.png"]
        monkeypatch.setattr(place, "ignores_case", lambda folder: True)
        plan = planned(inputs, Path("out"))
        (refused,) = (job for job in plan.jobs if isinstance(job, Refused))
        assert refused.reason.startswith(f"its result out/A_x2.png is that of {inputs[0]}")

    def test_extension_stands_only_where_it_separates(self, folder: Path) -> None:
        inputs = touch(folder, "one/a.jpg", "two/a.jpg", "two/a.png")
        for given_inputs in (inputs, inputs[::-1]):
            plan = planned(given_inputs, Path("out"))
            assert sorted(targets(plan)) == ["out/a_jpg_x2.png", "out/a_png_x2.png"]
        assert targets(planned(inputs[:1], Path("out"))) == ["out/a_x2.png"]

    def test_parent_is_the_same_however_a_path_is_written(
        self, folder: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.chdir(folder)
        for path in (Path("a.jpg"), folder / "a.jpg", Path("deep/../a.jpg")):
            plan = planned([path], Path("o"), name="{parent}-{stem}")
            assert targets(plan) == ["o/in-a.png"]

    def test_template_that_names_all_alike_leaves_one(self, folder: Path) -> None:
        plan = planned([folder / "a.jpg", folder / "b.png"], Path("out"), name="all")
        job, refused = plan.jobs
        assert job == FileJob(folder / "a.jpg", Path("out/all.png"))
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
