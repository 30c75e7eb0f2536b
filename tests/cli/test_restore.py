import json
import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from support.commands import Command, Said, open_image, results

import jcarsr
from jcarsr.pixels import Pixels


class TestResult:
    def test_picture_is_the_librarys(
        self, run: Command, jpeg: Path, out: Path, tiny_weights: Path
    ) -> None:
        said = run(jpeg, "-o", out)
        assert (said.code, said.out) == (0, "")
        assert said.err == f"{jpeg} -> {out / 'photo_x2.png'}\n"
        expected = jcarsr.restore(jpeg, weights=str(tiny_weights))
        np.testing.assert_array_equal(
            np.array(open_image(out / "photo_x2.png")), np.array(expected)
        )

    def test_bundled_weights_do_every_scale(self, run: Command, jpeg: Path, out: Path) -> None:
        for scale in ("1", "2", "4"):
            assert run(jpeg, "-o", out, "--scale", scale, weights=None).code == 0
        assert (
            run(jpeg, "-o", out, weights=None).err == "0 restored, 1 unchanged, of 1\n"
        )  # 2 is the default
        sizes = {name: open_image(out / name).size for name in results(out)}
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
            ("--long-side", 120, (120, 90)),
            ("--short-side", 90, (120, 90)),
        ],
    )
    def test_size_is_exact_and_in_the_name(
        self, run: Command, jpeg: Path, out: Path, option: str, value: int, size: tuple[int, int]
    ) -> None:
        assert run(jpeg, "-o", out, option, value).code == 0
        label = f"x{value}" if option == "--scale" else f"{option.removeprefix('--')}-{value}"
        assert results(out) == [f"photo_{label}.png"]
        assert open_image(out / f"photo_{label}.png").size == size

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
        image = open_image(out / f"photo.{format}")
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
        image = open_image(out / "photo_x2.png")
        assert image.getexif()[0x010E] == "a description"
        assert image.info["dpi"] == pytest.approx((150, 150), abs=0.1)
        assert run(jpeg, "-o", out, "--strip-metadata").code == 0
        image = open_image(out / "photo_x2.png")
        assert len(image.getexif()) == 0
        assert "dpi" not in image.info

    def test_gradient_map_beside_the_result(self, run: Command, jpeg: Path, out: Path) -> None:
        said = run(jpeg, "-o", out, "--save-gradient")
        assert said.code == 0
        assert results(out) == ["photo_x2.gradient.png", "photo_x2.png"]
        map_ = np.array(open_image(out / "photo_x2.gradient.png"))
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
        assert open_image(target).size == (128, 96)
        target.write_bytes(b"somebody's")
        said = run(jpeg)
        assert said.code == 1
        assert said.err == f"error: {jpeg}: {target} exists already: --overwrite replaces it\n"
        assert target.read_bytes() == b"somebody's"
        assert run(jpeg, "--overwrite").code == 0
        assert open_image(target).size == (128, 96)

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
