import json
import os
import signal
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from support.commands import Command, open_image, process, results

from jcarsr.batch.ledger import FILE_NAME, Ledger
from jcarsr.networks.jcarsr.network import JCARSR
from jcarsr.partfile import being_written
from jcarsr.pixels import Pixels
from jcarsr.weights import Record, write


@pytest.fixture
def pictures(picture_folder: Path) -> Path:
    """The first six of the folder."""
    for path in sorted(picture_folder.iterdir())[6:]:
        path.unlink()
    return picture_folder


class TestAgain:
    def test_only_what_is_new_or_changed_is_done(
        self, run: Command, pictures: Path, out: Path
    ) -> None:
        assert run(pictures, "-o", out).err.endswith("\n6 restored, of 6\n")
        before = {name: (out / name).stat().st_mtime_ns for name in results(out)}
        assert len(before) == 6
        said = run(pictures, "-o", out)
        assert (said.code, said.err) == (0, "0 restored, 6 unchanged, of 6\n")

        Image.new("RGB", (30, 20), "red").save(pictures / "03.png")
        Image.new("RGB", (30, 20), "blue").save(pictures / "new.png")
        (out / "04_x2.png").unlink()
        said = run(pictures, "-o", out)
        assert said.err.endswith("\n3 restored, 4 unchanged, of 7\n")
        changed = {
            name for name in results(out) if before.get(name) != (out / name).stat().st_mtime_ns
        }
        assert changed == {"03_x2.png", "04_x2.png", "new_x2.png"}
        assert open_image(out / "03_x2.png").size == (60, 40)

    def test_other_settings_or_weights_are_other_results(
        self, run: Command, jpeg: Path, out: Path, tmp_path: Path, tiny: Any
    ) -> None:
        torch.manual_seed(1)
        tensors = {name: value.numpy() for name, value in JCARSR(tiny).state_dict().items()}
        other = tmp_path / "other.safetensors"
        write(other, tensors, Record(name="other", **tiny.describe()))
        contents = []
        for arguments, weights in (([], None), (["--tile", "320"], None), ([], other)):
            chosen = {} if weights is None else {"weights": weights}
            said = run(jpeg, "-o", out, *arguments, **chosen)
            assert said.err == f"{jpeg} -> {out / 'photo_x2.png'}\n"
            contents.append((out / "photo_x2.png").read_bytes())
            assert (
                run(jpeg, "-o", out, *arguments, **chosen).err == "0 restored, 1 unchanged, of 1\n"
            )
        assert contents[0] != contents[2]

    def test_foreign_file_is_refused_until_overwrite(
        self, run: Command, jpeg: Path, out: Path
    ) -> None:
        target = out / "photo_x2.png"
        out.mkdir()
        target.write_bytes(b"somebody's")
        said = run(jpeg, "-o", out)
        assert said.code == 1
        assert said.err == f"error: {jpeg}: {target} exists already: --overwrite replaces it\n"
        assert target.read_bytes() == b"somebody's"
        assert run(jpeg, "-o", out, "--overwrite").code == 0
        assert open_image(target).size == (128, 96)

    def test_result_given_by_its_name_keeps_no_ledger(
        self, run: Command, jpeg: Path, tmp_path: Path
    ) -> None:
        assert run(jpeg, "-o", tmp_path / "mine.png").code == 0
        assert not (tmp_path / FILE_NAME).exists()
        assert run(jpeg, "-o", tmp_path / "mine.png").code == 1
        assert run(jpeg, "-o", tmp_path / "mine.png", "--overwrite").code == 0

    def test_what_a_killed_run_left_beside_a_single_result_goes(
        self, run: Command, jpeg: Path, tmp_path: Path
    ) -> None:
        dead = tmp_path / ".dead.jcarsr-part"
        dead.touch()
        with being_written(tmp_path / "other.png"):  # a living one's
            assert run(jpeg, "-o", tmp_path / "mine.png").code == 0
            assert len(list(tmp_path.glob(".*.jcarsr-part"))) == 1
        assert not dead.exists()

    def test_lost_ledger_is_made_again_from_the_results(
        self, run: Command, pictures: Path, out: Path
    ) -> None:
        run(pictures, "-o", out)
        (out / FILE_NAME).unlink()
        assert run(pictures, "-o", out).code == 1
        said = run(pictures, "-o", out, "--adopt", "--json")
        assert (said.code, said.err) == (0, "0 restored, 6 adopted, of 6\n")
        assert {json.loads(line)["state"] for line in said.out.splitlines()} == {"adopted"}
        assert run(pictures, "-o", out).err == "0 restored, 6 unchanged, of 6\n"

    def test_files_of_other_names_are_counted(self, run: Command, jpeg: Path, out: Path) -> None:
        (jpeg.parent / "a.jxl").touch()
        said = run(jpeg.parent, "-o", out)
        note = f"note: {jpeg.parent}: 1 file is left out, not named as pictures: 1 .jxl\n"
        assert (said.code, said.err) == (0, f"{note}{jpeg} -> {out / 'photo_x2.png'}\n")

    def test_failed_inputs_are_tried_again(self, run: Command, pictures: Path, out: Path) -> None:
        whole = (pictures / "05.png").read_bytes()
        (pictures / "05.png").write_bytes(whole[:500])
        said = run(pictures, "-o", out)
        assert said.code == 1
        assert said.err.endswith("\n5 restored, 1 failed, of 6\n")
        said = run(pictures, "-o", out)
        assert said.code == 1
        assert said.err.endswith("\n0 restored, 5 unchanged, 1 failed, of 6\n")
        (pictures / "05.png").write_bytes(whole)
        said = run(pictures, "-o", out)
        assert (said.code, said.err.splitlines()[-1]) == (0, "1 restored, 5 unchanged, of 6")


class TestProcess:
    def test_undecodable_names(self, jpeg: Path, out: Path) -> None:
        odd = jpeg.with_name(os.fsdecode(b"\xff\xc3.jpg"))
        jpeg.rename(odd)
        jpeg.with_name(os.fsdecode(b"\xfe\n.jpg")).write_bytes(b"no picture")
        done = out / os.fsdecode(b"\xff\xc3_x2.png")
        with process(jpeg.parent, "-o", out, "--json") as command:
            stdout, stderr = command.communicate(timeout=60)
        assert command.returncode == 1, stderr
        outcomes = [json.loads(line) for line in stdout.splitlines()]
        assert [(o["source"], o["state"]) for o in outcomes] == [
            (str(jpeg.with_name(os.fsdecode(b"\xfe\n.jpg"))), "failed"),
            (str(odd), "done"),
        ]
        assert outcomes[1]["target"] == str(done)
        assert open_image(done).size == (128, 96)
        assert r"\udcfe\n.jpg': not a picture" in stderr

    def test_interrupted_run_can_be_gone_on_with(
        self, run: Command, tmp_path: Path, photo: Pixels, out: Path
    ) -> None:
        folder = tmp_path / "many"
        folder.mkdir()
        for number in range(12):
            Image.fromarray(np.roll(photo, number, 1)[:96, :96]).save(folder / f"{number:02}.png")
        with process(folder, "-o", out) as command:
            assert command.stderr is not None
            first = command.stderr.readline()
            assert " -> " in first
            command.send_signal(signal.SIGINT)
            _, stderr = command.communicate(timeout=60)
        assert command.returncode == 130, stderr
        assert "Traceback" not in stderr
        standing = results(out)
        assert 0 < len(standing) < 12
        with Ledger(out) as ledger:
            done = [entry.target for entry in ledger.entries() if entry.state == "done"]
        assert done == standing  # nothing temporary, nothing that is not entered
        said = run(folder, "-o", out, weights=None)
        left = 12 - len(standing)
        assert said.code == 0
        assert said.err.endswith(f"\n{left} restored, {len(standing)} unchanged, of 12\n")


class TestNamesStay:
    def test_picture_keeps_its_name_when_another_comes(
        self, run: Command, jpeg: Path, out: Path
    ) -> None:
        assert run(jpeg.parent, "-o", out).code == 0
        before = (out / "photo_x2.png").stat()
        open_image(jpeg).save(jpeg.with_suffix(".png"))
        said = run(jpeg.parent, "-o", out)
        assert (said.code, said.err.splitlines()[-1]) == (0, "1 restored, 1 unchanged, of 2")
        assert results(out) == ["photo_png_x2.png", "photo_x2.png"]
        after = (out / "photo_x2.png").stat()
        assert (after.st_ino, after.st_mtime_ns) == (before.st_ino, before.st_mtime_ns)
        jpeg.unlink()
        assert run(jpeg.parent, "-o", out).err == "0 restored, 1 unchanged, of 1\n"

    def test_folders_with_pictures_of_one_name(
        self, run: Command, jpeg: Path, tmp_path: Path, out: Path
    ) -> None:
        other = tmp_path / "other"
        other.mkdir()
        (other / "photo.jpg").write_bytes(jpeg.read_bytes())
        assert run(jpeg.parent, "-o", out).code == 0
        for said in (run(jpeg.parent, other, "-o", out), run(other, jpeg.parent, "-o", out)):
            assert said.code == 0
        assert said.err == "0 restored, 2 unchanged, of 2\n"
        assert results(out) == ["other", "other/photo_x2.png", "photo_x2.png"]
        said = run(jpeg, other / "photo.jpg", "-o", tmp_path / "flat")
        assert (said.code, len(said.errors)) == (1, 1)
        assert "--name '{parent}_{stem}_{size}' tells them apart" in said.err
        name = ("--name", "{parent}_{stem}_{size}")
        assert run(jpeg, other / "photo.jpg", "-o", tmp_path / "flat", *name).code == 0

    def test_later_run_does_not_replace_another_folders_results(
        self, run: Command, jpeg: Path, tmp_path: Path, out: Path
    ) -> None:
        (tmp_path / "other").mkdir()
        other = tmp_path / "other" / "photo.jpg"
        open_image(jpeg).rotate(180).save(other)
        assert run(jpeg.parent, "-o", out).code == 0
        first = (out / "photo_x2.png").read_bytes()
        for _ in range(2):
            said = run(other.parent, "-o", out)
            assert (said.code, len(said.errors)) == (1, 1)
            assert f"its result {out / 'photo_x2.png'} is that of {jpeg}: change --name" in said.err
            assert (out / "photo_x2.png").read_bytes() == first
        assert run(jpeg.parent, "-o", out).err == "0 restored, 1 unchanged, of 1\n"
        assert run(other, "-o", out, "--overwrite").code == 0
        assert (out / "photo_x2.png").read_bytes() != first

    def test_later_run_names_another_file_of_the_stem_apart(
        self, run: Command, jpeg: Path, tmp_path: Path, out: Path
    ) -> None:
        (tmp_path / "other").mkdir()
        other = tmp_path / "other" / "photo.png"
        open_image(jpeg).rotate(180).save(other)
        assert run(jpeg, "-o", out).code == 0
        first = (out / "photo_x2.png").read_bytes()
        assert run(other, "-o", out).code == 0
        assert results(out) == ["photo_png_x2.png", "photo_x2.png"]
        assert (out / "photo_x2.png").read_bytes() == first
        assert run(other, "-o", out).err == "0 restored, 1 unchanged, of 1\n"

    def test_broken_picture_does_not_take_anothers_result(
        self, run: Command, jpeg: Path, tmp_path: Path, out: Path
    ) -> None:
        (tmp_path / "other").mkdir()
        other = tmp_path / "other" / "photo.jpg"
        other.symlink_to("nowhere")
        assert run(jpeg.parent, "-o", out).code == 0
        assert run(other.parent, "-o", out).code == 1
        other.unlink()
        open_image(jpeg).rotate(180).save(other)
        assert "is that of" in run(other.parent, "-o", out).err

    def test_folder_that_was_moved_is_done(
        self, run: Command, jpeg: Path, tmp_path: Path, out: Path
    ) -> None:
        assert run(jpeg.parent, "-o", out).code == 0
        moved = jpeg.parent.rename(tmp_path / "moved")
        assert run(moved, "-o", out).err == "0 restored, 1 unchanged, of 1\n"
        assert run(moved, "-o", out, "--scale", 1, "--name", "{stem}_x2").code == 0

    def test_shards_name_alike_after_a_whole_run(self, run: Command, jpeg: Path, out: Path) -> None:
        assert run(jpeg.parent, "-o", out).code == 0
        open_image(jpeg).save(jpeg.with_suffix(".png"))
        for shard in ("1/2", "2/2"):
            assert run(jpeg.parent, "-o", out, "--shard", shard).code == 0
        found = sorted(path.name for path in out.glob("*.png"))
        assert found == ["photo_png_x2.png", "photo_x2.png"]


class TestResultsAmongPictures:
    SIZES = (("--scale", 1), ("--scale", 4), ("--width", 100), ("--height", 60), ())

    def test_those_beside_their_pictures_are_left_out(
        self, run: Command, small: Path, out: Path
    ) -> None:
        for size in self.SIZES:
            assert run(small, *size, weights=None).code == 0
        assert run(small, "--overwrite", "--save-gradient", "--compare", "side").code == 0
        said = run(small.parent, "-o", out)
        assert (said.code, results(out)) == (0, ["a_x2.png"])
        assert "note: " in said.err
        assert "7 earlier results are left out" in said.err
        named = run(small.parent / "a_x2.png", small.parent, "-o", out)
        assert (named.code, results(out)) == (0, ["a_x2.png", "a_x2_x2.png"])

    def test_those_in_a_folder_with_a_ledger_are_left_out(
        self, run: Command, small: Path, out: Path
    ) -> None:
        inner = small.parent / "album" / "restored"
        (small.parent / "album").mkdir()
        small.rename(small.parent / "album" / "a.jpg")
        assert run(small.parent / "album", "-o", inner, "--name", "better").code == 0
        open_image(inner / "better.png").rotate(90).save(inner / "mine.png")
        said = run(small.parent / "album", "-o", out)
        assert (said.code, results(out)) == (
            0,
            ["a_x2.png", "restored", "restored/mine_x2.png"],
        )
        assert "1 earlier result is left out" in said.err
        open_image(inner / "better.png").rotate(90).save(inner / "better.png")  # is the user's now
        assert run(small.parent / "album", "-o", out).code == 0
        assert results(out)[2:] == ["restored/better_x2.png", "restored/mine_x2.png"]

    def test_folder_of_results_that_is_named_is_restored(
        self, run: Command, small: Path, out: Path
    ) -> None:
        assert run(small, "-o", out).code == 0
        assert run(out, "-o", out.with_name("again")).code == 0
        assert results(out.with_name("again")) == ["a_x2_x2.png"]
