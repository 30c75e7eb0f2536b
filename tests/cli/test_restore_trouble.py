import errno
import json
import os
import stat
from pathlib import Path

import pytest
import torch
from PIL import Image
from support.commands import Command, Said, open_image, results

from jcarsr.batch.ledger import FILE_NAME, Ledger


class TestDifficultInputs:
    def test_truncated_file_is_refused_or_salvaged(
        self, run: Command, jpeg: Path, out: Path
    ) -> None:
        jpeg.write_bytes(jpeg.read_bytes()[:-100])
        said = run(jpeg, "-o", out)
        assert (said.code, results(out), len(said.errors)) == (1, [], 1)
        assert "cannot be decoded" in said.err
        said = run(jpeg, "-o", out, "--salvage")
        assert (said.code, results(out)) == (0, ["photo_x2.png"])
        assert f"note: {jpeg}: truncated" in said.err

    def test_animation_is_kept_or_its_first_frame_taken(
        self, run: Command, tmp_path: Path, out: Path
    ) -> None:
        frames = [Image.new("RGB", (20, 16), colour) for colour in ("red", "blue")]
        frames[0].save(tmp_path / "a.gif", save_all=True, append_images=frames[1:], duration=90)
        assert run(tmp_path / "a.gif", "-o", out).code == 0
        assert getattr(open_image(out / "a_x2.png"), "n_frames", 1) == 2
        assert run(tmp_path / "a.gif", "-o", out, "--first-frame").code == 0
        assert getattr(open_image(out / "a_x2.png"), "n_frames", 1) == 1

    def test_more_pixels_than_allowed(self, run: Command, jpeg: Path, out: Path) -> None:
        said = run(jpeg, "-o", out, "--max-pixels", 64 * 48 - 1)
        assert (said.code, results(out), len(said.errors)) == (1, [], 1)
        assert "pixels" in said.err
        assert run(jpeg, "-o", out, "--max-pixels", 64 * 48).code == 0

    def test_more_pixels_than_pillow_would_take(
        self, run: Command, tmp_path: Path, out: Path
    ) -> None:
        """What is refused at our limit is known by its header alone."""
        Image.new("1", (20_000, 10_000)).save(tmp_path / "bomb.png")
        said = run(tmp_path / "bomb.png", "-o", out)
        assert (said.code, len(said.errors)) == (1, 1)
        assert "refused as a bomb" in said.err

    def test_less_memory_than_needed(self, run: Command, jpeg: Path, out: Path) -> None:
        said = run(jpeg, "-o", out, "--max-memory", "100K")
        assert (said.code, results(out)) == (1, [])
        assert said.err.startswith(f"error: {jpeg}: needs about")
        assert said.err.endswith(" MiB, more than the 100 KiB allowed\n")
        assert said.err.count("\n") == 1
        assert run(jpeg, "-o", out, "--max-memory", "100M").code == 0

    def test_bad_files_are_told_and_the_others_done(
        self, run: Command, jpeg: Path, tmp_path: Path, out: Path
    ) -> None:
        folder = jpeg.parent
        (folder / "empty.png").touch()
        (folder / "text.jpg").write_text("hello")
        (folder / "cut.jpg").write_bytes(jpeg.read_bytes()[:-100])
        (folder / "line\nbreak.jpg").write_text("hello")
        (folder / "self.jpg").symlink_to("self.jpg")
        os.mkfifo(folder / "pipe.jpg")
        (tmp_path / "none").mkdir()
        missing = tmp_path / "missing.jpg"
        said = run(folder, missing, tmp_path / "none", "-o", out, "--format", "webp", "--json")
        assert said.code == 1
        assert results(out) == ["in", "in/photo_x2.webp"]
        reasons = {
            "empty.png": "an empty file",
            "text.jpg": "not a picture",
            "cut.jpg": "cannot be decoded",
            r"line\nbreak.jpg": "not a picture",
            "self.jpg": "symbolic links",
            "pipe.jpg": "not a file",
            "missing.jpg": "no such file",
            "none": "without pictures",
        }
        assert len(said.errors) == len(reasons)
        for name, reason in reasons.items():
            assert any(name in line and reason in line for line in said.errors), name
        summary = said.err[said.err.index("1 restored, 8 failed, of 9\nfailed:\n") :]
        listed = summary.splitlines()[2:]
        assert listed == [line.replace("error: ", "  ") for line in said.errors]
        states = [json.loads(line)["state"] for line in said.out.splitlines()]
        assert (states.count("done"), states.count("failed"), len(states)) == (1, 8, 9)


class TestTrouble:
    @pytest.mark.parametrize(
        ("arguments", "message"),
        [
            (["--format", "bmp"], "--format bmp"),
            (["--tile", "100"], "multiple of 16"),
            (["--name", "{x}"], "--name {x}"),
            (["--name", "../{stem}"], "--name ../{stem}"),
            (["--scale", "4"], "enlarges by 2"),
            (["--scale", "2", "--width", "100"], "scale, width"),
            (["--width", "0"], "at least 1"),
            (["--short-side", "-5"], "at least 1"),
            (["--quality", "101"], "quality"),
            (["--max-pixels", "0"], "--max-pixels 0"),
            (["--max-memory", "much"], "'much'"),
            (["--max-memory", "-1G"], "must be positive"),
            (["--device", "cuda"], "not available"),
        ],
    )
    def test_wrong_usage_is_one_line_and_2(
        self, run: Command, jpeg: Path, out: Path, arguments: list[str], message: str
    ) -> None:
        if "cuda" in arguments and torch.cuda.is_available():
            pytest.skip("there is a GPU")
        said = run(jpeg, "-o", out, *arguments)
        assert said.code == 2
        assert said.err.startswith("error: ")
        assert message in said.err
        assert said.err.count("\n") == 1
        assert not out.exists()

    @pytest.mark.parametrize(
        ("name", "arguments", "message"),
        [
            ("new.png/", [], "a folder with the name of a picture: make it before"),
            ("a.png", ["--name", "{stem}"], "--name: is for results in a folder, --out names one"),
            ("a.png", ["--adopt"], "--adopt: is for results in a folder, --out names one"),
            (None, ["--adopt"], "--adopt: enters results in the ledger of a folder: --out FOLDER"),
        ],
    )
    def test_what_cannot_be_meant_is_not_passed_over(
        self,
        run: Command,
        jpeg: Path,
        out: Path,
        name: str | None,
        arguments: list[str],
        message: str,
    ) -> None:
        place = [] if name is None else ["-o", f"{out}/{name}"]
        said = run(jpeg, *place, *arguments)
        assert (said.code, said.out) == (2, "")
        assert message in said.err
        assert said.err.count("\n") == 1
        assert not out.exists()
        assert [path.name for path in jpeg.parent.iterdir()] == ["photo.jpg"]

    def test_names_do_not_steer_the_terminal(self, run: Command, jpeg: Path, out: Path) -> None:
        (jpeg.parent / "f.\x1b[31mjpg").write_bytes(b"no picture")
        (jpeg.parent / "\x1b[2J.jpg").write_bytes(jpeg.read_bytes())
        said = run(jpeg.parent, "-o", out)
        assert "\x1b" not in said.err
        assert r"\x1b[2J.jpg" in said.err

    def test_name_of_a_picture_is_no_folder(self, run: Command, jpeg: Path, out: Path) -> None:
        other = jpeg.with_name("other.jpg")
        other.write_bytes(jpeg.read_bytes())
        said = run(jpeg, other, "-o", f"{out}.png")
        message = f"--out {out}.png: several inputs need a folder, out.png is a picture's name"
        assert said == Said(2, "", f"error: {message}\n")
        assert not Path(f"{out}.png").exists()

    def test_results_among_the_inputs_are_wrong_usage(self, run: Command, jpeg: Path) -> None:
        said = run(jpeg.parent, "-o", jpeg.parent)
        assert (said.code, said.err.count("\n")) == (2, 1)
        assert [path.name for path in jpeg.parent.iterdir()] == ["photo.jpg"]

    def test_extension_that_is_not_the_format_is_wrong_usage(
        self, run: Command, jpeg: Path, out: Path
    ) -> None:
        said = run(jpeg, "-o", out / "a.png", "--format", "jpg")
        assert (said.code, said.err.count("\n")) == (2, 1)
        assert not out.exists()

    def test_unknown_weights_are_told(self, run: Command, jpeg: Path, out: Path) -> None:
        said = run(jpeg, "-o", out, weights="nothing")
        assert said.code == 1
        assert said.err.startswith("error: nothing: no such weight file")
        assert not out.exists()

    def test_inputs_that_are_not_there_leave_no_trace(
        self, run: Command, tmp_path: Path, out: Path
    ) -> None:
        (tmp_path / "none").mkdir()
        (tmp_path / "empty.jpg").touch()
        inputs = [tmp_path / name for name in ("missing.jpg", "none", "empty.jpg")]
        for given in ([inputs[0]], inputs):
            for target in (out, out / "x.xyz", *([out / "x.png"] if len(given) == 1 else [])):
                said = run(*given, "-o", target)
                assert (said.code, len(said.errors)) == (1, len(given))
                assert not out.exists()

    def test_damaged_exif_is_a_note_and_no_warning(
        self, run: Command, jpeg: Path, out: Path
    ) -> None:
        """A warning would be an error of this test."""
        data = jpeg.read_bytes()
        assert data.count(b"MM\0*\0\0\0\x08\0\1\1\x0e\0\2\0\0\0") == 1
        jpeg.write_bytes(data.replace(b"\1\x0e\0\2\0\0\0", b"\1\x0e\0\2\0\xff\xff"))
        assert run(jpeg, "-o", out).err.splitlines() == [
            f"{jpeg} -> {out / 'photo_x2.png'}",
            f"note: {jpeg}: its EXIF data is broken and was left out",
        ]

    def test_file_where_the_folder_should_be(
        self, run: Command, jpeg: Path, tmp_path: Path
    ) -> None:
        (tmp_path / "file").write_bytes(b"somebody's")
        said = run(jpeg, "-o", tmp_path / "file")
        assert (said.code, said.err.count("\n")) == (1, 1)
        assert said.err.startswith(f"error: {tmp_path / 'file'}: cannot be written")
        assert (tmp_path / "file").read_bytes() == b"somebody's"

    @pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
    @pytest.mark.parametrize(
        ("target", "told"),
        [
            ("", "{out}: cannot be written"),
            ("below", "{out}/below: cannot be written"),
            ("a.png", "{jpeg}: its result {out}/a.png cannot be written"),
        ],
    )
    def test_read_only_folder(
        self, run: Command, jpeg: Path, out: Path, target: str, told: str
    ) -> None:
        out.mkdir(mode=0o555)
        said = run(jpeg, "-o", out / target)
        message = told.format(jpeg=jpeg, out=out)
        assert said == Said(1, "", f"error: {message} (Permission denied)\n")

    def test_result_that_cannot_be_written_is_named(
        self, run: Command, jpeg: Path, out: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """As in a folder that is read-only, which none is for root."""

        def closed(path: str, *arguments: object) -> int:
            raise PermissionError(errno.EACCES, "Permission denied", path)

        with monkeypatch.context() as patched:
            patched.setattr("jcarsr.partfile._create", closed)
            said = run(jpeg, "-o", out / "a.png")
        message = f"{jpeg}: its result {out / 'a.png'} cannot be written (Permission denied)"
        assert said == Said(1, "", f"error: {message}\n")

    def test_another_run_in_the_same_folder(self, run: Command, jpeg: Path, out: Path) -> None:
        with Ledger(out):
            said = run(jpeg, "-o", out)
        assert said == Said(1, "", f"error: {out}: another run is writing there\n")

    def test_damaged_ledger(self, run: Command, jpeg: Path, out: Path) -> None:
        out.mkdir()
        (out / FILE_NAME).write_bytes(b"garbage" * 99)
        said = run(jpeg, "-o", out)
        assert (said.code, said.err.count("\n"), results(out)) == (1, 1, [])
        assert said.err.startswith(f"error: {out / FILE_NAME}: damaged")

    def test_full_disk(
        self,
        run: Command,
        picture_folder: Path,
        out: Path,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        def full(file: int) -> None:
            if stat.S_ISREG(os.fstat(file).st_mode):
                raise OSError(errno.ENOSPC, "No space left on device")

        with monkeypatch.context() as patched:
            patched.setattr(os, "fsync", full)
            said = run(picture_folder, "-o", out)
        assert said.code == 1
        assert said.errors == [
            f"error: {out / '00_x2.png'}: cannot be written (No space left on device)"
        ]
        assert said.err.endswith("\n0 restored, 20 not tried, of 20\n")
        assert results(out) == []
