import errno
import json
import os
import signal
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

import jcarsr
from jcarsr.batch.ledger import FILE_NAME, Ledger
from jcarsr.cli import main
from jcarsr.networks.jcarsr.network import JCARSR
from jcarsr.partfile import being_written
from jcarsr.pixels import Pixels
from jcarsr.weights import Record, write


@dataclass
class Said:
    """What a command left behind."""

    code: int
    out: str
    err: str

    @property
    def errors(self) -> list[str]:
        return [line for line in self.err.splitlines() if line.startswith("error: ")]


Command = Callable[..., Said]


@pytest.fixture
def run(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tiny_weights: Path
) -> Iterator[Command]:
    """`jcarsr restore` in this process, by the tiny network if no other is named."""
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", Image.MAX_IMAGE_PIXELS)  # put back afterwards
    threads = torch.get_num_threads()
    torch.set_num_threads(1)  # for a network so small that others only wait for each other

    def run(*arguments: object, weights: object = tiny_weights) -> Said:
        argv = ["jcarsr", "restore", *map(str, arguments)]
        monkeypatch.setattr(sys, "argv", argv + (["--weights", str(weights)] if weights else []))
        capsys.readouterr()
        with pytest.raises(SystemExit) as left:
            main()
        said = capsys.readouterr()
        assert "Traceback" not in said.err
        return Said(int(left.value.code or 0), said.out, said.err)

    yield run
    torch.set_num_threads(threads)


def process(*arguments: object) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "jcarsr", "restore", *map(str, arguments)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        errors="replace",
        env=os.environ | {"OMP_NUM_THREADS": "1"},
    )


@pytest.fixture
def jpeg(tmp_path: Path, photo: Pixels) -> Path:
    path = tmp_path / "in" / "photo.jpg"
    path.parent.mkdir()
    exif = Image.Exif()
    exif[0x010E] = "a description"
    Image.fromarray(photo[96:144, 96:160]).save(path, quality=20, exif=exif, dpi=(150, 150))
    return path


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return tmp_path / "out"


def results(out: Path) -> list[str]:
    return sorted(p.relative_to(out).as_posix() for p in out.rglob("*") if p.name != FILE_NAME)


def opened(path: Path) -> Image.Image:
    with Image.open(path) as image:
        image.load()
        return image


class TestResult:
    def test_picture_is_the_librarys(
        self, run: Command, jpeg: Path, out: Path, tiny_weights: Path
    ) -> None:
        said = run(jpeg, "-o", out)
        assert (said.code, said.out) == (0, "")
        assert said.err == f"{jpeg} -> {out / 'photo_x2.png'}\n"
        expected = jcarsr.restore(jpeg, weights=str(tiny_weights))
        np.testing.assert_array_equal(np.array(opened(out / "photo_x2.png")), np.array(expected))

    def test_bundled_weights_do_every_scale(self, run: Command, jpeg: Path, out: Path) -> None:
        for scale in ("1", "2", "4"):
            assert run(jpeg, "-o", out, "--scale", scale, weights=None).code == 0
        assert (
            run(jpeg, "-o", out, weights=None).err == "0 restored, 1 unchanged, of 1\n"
        )  # 2 is the default
        sizes = {name: opened(out / name).size for name in results(out)}
        assert sizes == {
            "photo_x1.png": (64, 48),
            "photo_x2.png": (128, 96),
            "photo_x4.png": (256, 192),
        }

    @pytest.mark.parametrize(
        ("option", "value", "size"),
        [
            ("--scale", 1, (64, 48)),
            ("--scale", 2, (128, 96)),
            ("--width", 100, (100, 75)),
            ("--width", 32, (32, 24)),
            ("--height", 90, (120, 90)),
            ("--max-side", 120, (120, 90)),
            ("--min-side", 90, (120, 90)),
        ],
    )
    def test_size_is_exact_and_in_the_name(
        self, run: Command, jpeg: Path, out: Path, option: str, value: int, size: tuple[int, int]
    ) -> None:
        assert run(jpeg, "-o", out, option, value).code == 0
        label = f"x{value}" if option == "--scale" else f"{option.removeprefix('--')}-{value}"
        assert results(out) == [f"photo_{label}.png"]
        assert opened(out / f"photo_{label}.png").size == size

    def test_more_than_the_network_can_is_told(self, run: Command, jpeg: Path, out: Path) -> None:
        said = run(jpeg, "-o", out, "--width", 129)
        assert (said.code, results(out)) == (1, [])
        assert said.err == f"error: {jpeg}: 129x97 is more than 2 times its 64x48\n"

    @pytest.mark.parametrize(
        ("format", "pillow"),
        [("png", "PNG"), ("jpg", "JPEG"), ("webp", "WEBP"), ("avif", "AVIF"), ("tiff", "TIFF")],
    )
    def test_format(self, run: Command, jpeg: Path, out: Path, format: str, pillow: str) -> None:
        assert run(jpeg, "-o", out, "--format", format, "--name", "{stem}").code == 0
        image = opened(out / f"photo.{format}")
        assert (image.format, image.size) == (pillow, (128, 96))

    @pytest.mark.parametrize(
        ("format", "name"), [("jpeg", "photo.jpg"), ("JPG", "photo.jpg"), ("tif", "photo.tiff")]
    )
    def test_format_by_its_other_names(
        self, run: Command, jpeg: Path, out: Path, format: str, name: str
    ) -> None:
        assert run(jpeg, "-o", out, "--format", format, "--name", "{stem}").code == 0
        assert results(out) == [name]

    def test_quality(self, run: Command, jpeg: Path, out: Path) -> None:
        sizes = []
        for quality in (95, 10):
            assert run(jpeg, "-o", out / f"{quality}.jpg", "--quality", quality).code == 0
            sizes.append((out / f"{quality}.jpg").stat().st_size)
        assert sizes[1] < sizes[0] / 2

    def test_metadata_is_kept_unless_stripped(self, run: Command, jpeg: Path, out: Path) -> None:
        assert run(jpeg, "-o", out).code == 0
        image = opened(out / "photo_x2.png")
        assert image.getexif()[0x010E] == "a description"
        assert image.info["dpi"] == pytest.approx((150, 150), abs=0.1)
        assert run(jpeg, "-o", out, "--strip-metadata").code == 0
        image = opened(out / "photo_x2.png")
        assert len(image.getexif()) == 0
        assert "dpi" not in image.info

    def test_gradient_map_beside_the_result(self, run: Command, jpeg: Path, out: Path) -> None:
        said = run(jpeg, "-o", out, "--save-gradient")
        assert said.code == 0
        assert results(out) == ["photo_x2.gradient.png", "photo_x2.png"]
        map_ = np.array(opened(out / "photo_x2.gradient.png"))
        assert map_.shape == (96, 128, 3)
        assert map_.max() == 255  # stretched to white
        assert run(jpeg, "-o", out, "--save-gradient").err == "0 restored, 1 unchanged, of 1\n"

    def test_gradient_map_is_not_anothers_result(self, run: Command, jpeg: Path, out: Path) -> None:
        other = jpeg.with_name("photo.gradient.jpg")
        other.write_bytes(jpeg.read_bytes())
        said = run(other, jpeg, "-o", out, "--name", "{stem}", "--save-gradient")
        assert (said.code, len(said.errors)) == (1, 1)
        assert "photo.gradient.png is that of" in said.err

    def test_tiles_are_used(self, run: Command, tmp_path: Path, photo: Pixels, out: Path) -> None:
        Image.fromarray(photo[:64].repeat(2, axis=1)).save(tmp_path / "large.png")
        for tile in (0, 320):
            said = run(tmp_path / "large.png", "-o", out / f"{tile}.png", "--tile", tile, "--json")
            assert json.loads(said.out).get("tile") == (tile or None)


class TestWithoutOut:
    def test_result_stands_beside_the_picture_and_replaces_none(
        self, run: Command, jpeg: Path
    ) -> None:
        target = jpeg.with_name("photo_x2.png")
        said = run(jpeg)
        assert (said.code, said.err) == (0, f"{jpeg} -> {target}\n")
        assert sorted(path.name for path in jpeg.parent.iterdir()) == ["photo.jpg", "photo_x2.png"]
        assert opened(target).size == (128, 96)
        target.write_bytes(b"somebody's")
        said = run(jpeg)
        assert said.code == 1
        assert said.err == f"error: {jpeg}: {target} exists already: --overwrite replaces it\n"
        assert target.read_bytes() == b"somebody's"
        assert run(jpeg, "--overwrite").code == 0
        assert opened(target).size == (128, 96)

    def test_folder_is_wrong_usage(self, run: Command, jpeg: Path) -> None:
        said = run(jpeg.parent)
        assert (said.code, said.err.count("\n")) == (2, 1)
        assert "--out FOLDER" in said.err
        assert [path.name for path in jpeg.parent.iterdir()] == ["photo.jpg"]

    def test_input_that_is_not_there_is_told(self, run: Command, tmp_path: Path) -> None:
        said = run(tmp_path / "none" / "a.jpg")
        assert said == Said(1, "", f"error: {tmp_path / 'none' / 'a.jpg'}: no such file\n")
        assert not (tmp_path / "none").exists()


class TestLists:
    def test_listed_files_and_folders_are_restored(
        self, run: Command, jpeg: Path, tmp_path: Path, out: Path
    ) -> None:
        (tmp_path / "list").write_text(f"{jpeg}\n{tmp_path / 'missing.jpg'}\nhttp://h/x.jpg\n")
        said = run("--files-from", tmp_path / "list", "-o", out)
        assert (said.code, results(out)) == (1, ["photo_x2.png"])
        assert said.errors == [
            "error: http://h/x.jpg: is a URL: download it first",
            f"error: {tmp_path / 'missing.jpg'}: no such file",
        ]
        (tmp_path / "list").write_bytes(os.fsencode(jpeg.parent) + b"\0")
        said = run("--files-from", tmp_path / "list", "--null", "-o", out)
        assert (said.code, said.err) == (0, "0 restored, 1 unchanged, of 1\n")

    @pytest.mark.parametrize(
        ("arguments", "message"),
        [
            ([], "no pictures"),
            (["-", "-o", "."], "has no name"),
            (["-", "-o", "x.bmp"], "has no name"),
            (["-", "a.jpg", "-o", "x"], "no other input"),
            (["a.jpg", "b.jpg", "-o", "-"], "one picture"),
            ([".", "-o", "-"], "one picture"),
            (["a.jpg", "-o", "-", "--json"], "--json"),
            (["a.jpg", "-o", "-", "--save-gradient"], "--save-gradient"),
            (["a.jpg", "-o", "http://h/x.png"], "--out http://h/x.png: is a URL"),
        ],
    )
    def test_wrong_usage_is_one_line_and_2(
        self,
        run: Command,
        arguments: list[str],
        message: str,
        tmp_path: Path,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        monkeypatch.chdir(tmp_path)
        before = sorted(tmp_path.iterdir())
        said = run(*arguments)
        assert (said.code, said.out, said.err.count("\n")) == (2, "", 1)
        assert message in said.err
        assert sorted(tmp_path.iterdir()) == before


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
        assert getattr(opened(out / "a_x2.png"), "n_frames", 1) == 2
        assert run(tmp_path / "a.gif", "-o", out, "--first-frame").code == 0
        assert getattr(opened(out / "a_x2.png"), "n_frames", 1) == 1

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
        assert results(out) == ["photo_x2.webp"]
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


class TestAgain:
    def test_only_what_is_new_or_changed_is_done(
        self, run: Command, picture_folder: Path, out: Path
    ) -> None:
        assert run(picture_folder, "-o", out).err.endswith("\n20 restored, of 20\n")
        before = {name: (out / name).stat().st_mtime_ns for name in results(out)}
        assert len(before) == 20
        said = run(picture_folder, "-o", out)
        assert (said.code, said.err) == (0, "0 restored, 20 unchanged, of 20\n")

        Image.new("RGB", (30, 20), "red").save(picture_folder / "03.png")
        Image.new("RGB", (30, 20), "blue").save(picture_folder / "new.png")
        (out / "07_x2.png").unlink()
        said = run(picture_folder, "-o", out)
        assert said.err.endswith("\n3 restored, 18 unchanged, of 21\n")
        changed = {
            name for name in results(out) if before.get(name) != (out / name).stat().st_mtime_ns
        }
        assert changed == {"03_x2.png", "07_x2.png", "new_x2.png"}
        assert opened(out / "03_x2.png").size == (60, 40)

    def test_other_settings_or_weights_are_other_results(
        self, run: Command, jpeg: Path, out: Path, tmp_path: Path, tiny: Any
    ) -> None:
        torch.manual_seed(1)
        tensors = {name: value.numpy() for name, value in JCARSR(tiny).state_dict().items()}
        other = tmp_path / "other.safetensors"
        write(other, tensors, Record(name="other", **tiny.described()))
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
        assert opened(target).size == (128, 96)

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
        self, run: Command, picture_folder: Path, out: Path
    ) -> None:
        run(picture_folder, "-o", out)
        (out / FILE_NAME).unlink()
        assert run(picture_folder, "-o", out).code == 1
        said = run(picture_folder, "-o", out, "--adopt", "--json")
        assert (said.code, said.err) == (0, "0 restored, 20 adopted, of 20\n")
        assert {json.loads(line)["state"] for line in said.out.splitlines()} == {"adopted"}
        assert run(picture_folder, "-o", out).err == "0 restored, 20 unchanged, of 20\n"

    def test_files_of_other_names_are_counted(self, run: Command, jpeg: Path, out: Path) -> None:
        (jpeg.parent / "a.jxl").touch()
        said = run(jpeg.parent, "-o", out)
        note = f"note: {jpeg.parent}: 1 file is left out, not named as pictures: 1 .jxl\n"
        assert (said.code, said.err) == (0, f"{note}{jpeg} -> {out / 'photo_x2.png'}\n")

    def test_failed_inputs_are_tried_again(
        self, run: Command, picture_folder: Path, out: Path
    ) -> None:
        whole = (picture_folder / "05.png").read_bytes()
        (picture_folder / "05.png").write_bytes(whole[:500])
        said = run(picture_folder, "-o", out)
        assert said.code == 1
        assert said.err.endswith("\n19 restored, 1 failed, of 20\n")
        said = run(picture_folder, "-o", out)
        assert said.code == 1
        assert said.err.endswith("\n0 restored, 19 unchanged, 1 failed, of 20\n")
        (picture_folder / "05.png").write_bytes(whole)
        said = run(picture_folder, "-o", out)
        assert (said.code, said.err.splitlines()[-1]) == (0, "1 restored, 19 unchanged, of 20")


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
            (["--min-side", "-5"], "at least 1"),
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
            for target in (out, out / "x.xyz", out / "x.png"):
                said = run(*given, "-o", target)
                assert (said.code, len(said.errors)) == (1, len(given))
                assert not out.exists()

    def test_damaged_exif_is_a_note_and_no_warning(
        self, jpeg: Path, tmp_path: Path, out: Path, tiny_weights: Path
    ) -> None:
        data = jpeg.read_bytes()
        assert data.count(b"MM\0*\0\0\0\x08\0\1\1\x0e\0\2\0\0\0") == 1
        jpeg.write_bytes(data.replace(b"\1\x0e\0\2\0\0\0", b"\1\x0e\0\2\0\xff\xff"))
        with process(jpeg, "-o", out, "--weights", tiny_weights) as command:
            _, stderr = command.communicate(timeout=60)
        assert stderr.splitlines() == [
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
    @pytest.mark.parametrize("target", ["", "below", "a.png"])
    def test_read_only_folder(self, run: Command, jpeg: Path, out: Path, target: str) -> None:
        out.mkdir(mode=0o555)
        said = run(jpeg, "-o", out / target)
        assert (said.code, said.err.count("\n")) == (1, 1)
        assert "cannot be written" in said.err

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


class TestProcess:
    def test_undecodable_names(self, jpeg: Path, out: Path, tiny_weights: Path) -> None:
        odd = jpeg.with_name(os.fsdecode(b"\xff\xc3.jpg"))
        jpeg.rename(odd)
        jpeg.with_name(os.fsdecode(b"\xfe\n.jpg")).write_bytes(b"no picture")
        done = out / os.fsdecode(b"\xff\xc3_x2.png")
        with process(jpeg.parent, "-o", out, "--weights", tiny_weights, "--json") as command:
            stdout, stderr = command.communicate(timeout=60)
        assert command.returncode == 1, stderr
        outcomes = [json.loads(line) for line in stdout.splitlines()]
        assert [(o["source"], o["state"]) for o in outcomes] == [
            (str(jpeg.with_name(os.fsdecode(b"\xfe\n.jpg"))), "failed"),
            (str(odd), "done"),
        ]
        assert outcomes[1]["target"] == str(done)
        assert opened(done).size == (128, 96)
        assert r"\udcfe\n.jpg': not a picture" in stderr

    def test_interrupted_run_can_be_gone_on_with(
        self, run: Command, tmp_path: Path, photo: Pixels, out: Path, tiny_weights: Path
    ) -> None:
        folder = tmp_path / "many"
        folder.mkdir()
        for number in range(30):
            Image.fromarray(np.roll(photo, number, 1)[:128, :128]).save(folder / f"{number:02}.png")
        with process(folder, "-o", out, "--weights", tiny_weights) as command:
            assert command.stderr is not None
            first = command.stderr.readline()
            assert " -> " in first
            command.send_signal(signal.SIGINT)
            _, stderr = command.communicate(timeout=60)
        assert command.returncode == 130, stderr
        assert "Traceback" not in stderr
        standing = results(out)
        assert 0 < len(standing) < 30
        with Ledger(out) as ledger:
            done = [entry.target for entry in ledger.entries() if entry.state == "done"]
        assert done == standing  # nothing temporary, nothing that is not entered
        said = run(folder, "-o", out)
        left = 30 - len(standing)
        assert said.code == 0
        assert said.err.endswith(f"\n{left} restored, {len(standing)} unchanged, of 30\n")
