import os
import random
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.plans import BOTH, planned, targets, touch

from jcarsr.batch.names import DEFAULT_NAME
from jcarsr.batch.plan import FileJob, Refused
from jcarsr.restoring.outputs import Kind


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
        assert isinstance(job, FileJob)


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
        if not whole_folder:  # results next to the pictures: only single files may be given
            inputs = inputs[1:]
        plan = planned(inputs, root / out, name=name, outputs=outputs)

        jobs = [job for job in plan.jobs if isinstance(job, FileJob)]
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
