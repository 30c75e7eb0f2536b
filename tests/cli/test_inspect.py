import json
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from support.commands import Command

from jcarsr.pixels import Pixels
from jcarsr.weights import read, write


@pytest.fixture
def run(call: Command) -> Command:
    return partial(call, "inspect")


@pytest.fixture
def jpeg(tmp_path: Path, photo: Pixels) -> Path:
    path = tmp_path / "photo.jpg"
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.fromarray(photo).save(path, quality=20, exif=exif)
    return path


def recorded(path: Path, **recipe: Any) -> Path:
    """The weights again with this recipe."""
    weights = read(path)
    target = path.with_name("recorded.safetensors")
    write(target, weights.tensors, replace(weights.record, recipe=recipe))
    return target


def test_readable(run: Command, jpeg: Path, tmp_path: Path, tiny_weights: Path) -> None:
    still = tmp_path / "still.png"
    Image.new("LA", (7, 5)).save(still, dpi=(300, 300))
    weights = recorded(tiny_weights, qfs=[40, 10, 25])
    result = run(jpeg, still, "--weights", weights)
    assert result.code == 0, result.err
    assert result.err == ""
    trained = "tiny (for scale 2; trained on qualities 10 to 40)"
    assert result.out.splitlines() == [
        str(jpeg),
        "  format: JPEG, sequential, 4:2:0",
        "  size: 256x192, upright 192x256 (EXIF orientation 6)",
        "  pixels: RGB, 8 bits a channel",
        "  quality: 20 (libjpeg's tables precisely)",
        "  colour profile: none",
        "  metadata: EXIF",
        "  earlier save: no trace of one",
        f"  weights: {trained}",
        "  memory: about 42 MiB without the weights",
        "  note: its tables tell of the last save only: the picture may have been compressed "
        "harder before",
        str(still),
        "  format: PNG",
        "  size: 7x5",
        "  pixels: grey, 8 bits a channel, with transparency",
        "  colour profile: none",
        "  metadata: 299.999x299.999 dpi",
        "  earlier save: no trace of one",
        f"  weights: {trained}",
        "  memory: about 32 KiB without the weights",
    ]


def test_bundled_weights_are_named(run: Command, jpeg: Path) -> None:
    for scale, name in ((2, "-x2 (bundled for scale 2; trained on"), (4, "-x4 (bundled")):
        result = run(jpeg, "--scale", scale)
        assert result.code == 0, result.err
        assert name in result.out
    assert (
        "-x2 (bundled for scale 1, whose result is shrunk; trained" in run(jpeg, "--scale", 1).out
    )


def test_quality_beyond_training_is_told(run: Command, jpeg: Path, tiny_weights: Path) -> None:
    for qfs, outside in (([30, 40], True), ([10, 19], True), ([20], False), ("junk", None)):
        weights = recorded(tiny_weights, qfs=qfs)
        result = run(jpeg, "--weights", weights)
        assert ("outside those that these weights were trained on" in result.out) is bool(outside)
        said = json.loads(run(jpeg, "--weights", weights, "--json").out)
        assert said["weights"]["quality_outside_training"] is outside
    assert "not recorded which qualities" in result.out


def test_foreign_tables_are_told(run: Command, tmp_path: Path, photo: Pixels) -> None:
    path = tmp_path / "photoshop.jpg"
    Image.fromarray(photo).save(path, quality="web_medium")
    assert "(non-standard tables; " in run(path).out


def test_bad_files_are_told_and_the_others_done(run: Command, jpeg: Path, tmp_path: Path) -> None:
    text = tmp_path / "line\nbreak.jpg"
    text.write_text("hello")
    large = tmp_path / "large.png"
    Image.new("1", (400, 400)).save(large)
    empty = tmp_path / "empty"
    empty.mkdir()
    files = [text, tmp_path / "missing.jpg", empty, large, "http://h//x.jpg", jpeg]
    result = run(*files, "--max-pixels", 100_000)
    assert result.code == 1
    errors = result.err.splitlines()
    assert len(errors) == 5
    assert all(line.startswith("error: ") for line in errors)
    for line, (name, reason) in zip(
        errors,
        [
            ("line\\nbreak.jpg", "not a picture"),
            ("missing.jpg", "no such file"),
            (str(empty), "a folder without pictures"),
            ("large.png", "refused as a bomb"),
            ("http://h//x.jpg", "is a URL: download it first"),
        ],
        strict=True,
    ):
        assert name in line and reason in line
    assert result.out.startswith(f"{jpeg}\n")


def test_folder_gets_a_line_a_picture(
    run: Command, jpeg: Path, tmp_path: Path, photo: Pixels
) -> None:
    (tmp_path / "deep").mkdir()
    Image.new("LA", (7, 5)).save(tmp_path / "deep" / "b.png")
    frames = [Image.new("RGB", (9, 8), colour) for colour in ("red", "blue")]
    frames[0].save(tmp_path / "deep" / "c.gif", save_all=True, append_images=frames[1:])
    Image.fromarray(photo).save(tmp_path / "deep" / "d.jpg", quality="web_medium")
    (tmp_path / "deep" / "e.jpg").write_bytes(jpeg.read_bytes()[:-900])
    (tmp_path / "deep" / "f.jpg").write_text("hello")
    (tmp_path / "notes.txt").touch()
    result = run(tmp_path)
    assert result.code == 1
    *lines, about, truncated = result.out.splitlines()
    deep = tmp_path / "deep"
    assert lines == [
        f"{jpeg}: JPEG, sequential, 4:2:0, 256x192, upright 192x256 (EXIF orientation 6), "
        "RGB, 8 bits, quality 20, jcarsr-lite-x2",
        f"{deep / 'b.png'}: PNG, 7x5, grey, 8 bits, transparency, jcarsr-lite-x2",
        f"{deep / 'c.gif'}: GIF, 9x8, palette, 8 bits, 2 frames, jcarsr-lite-x2",
    ]
    assert about.startswith(f"{deep / 'd.jpg'}: JPEG") and ", quality about " in about
    assert truncated.startswith(f"{deep / 'e.jpg'}: JPEG") and ", note: truncated" in truncated
    assert result.err.splitlines() == [
        f"note: {tmp_path}: 1 file is left out, not named as pictures: 1 .txt",
        f"error: {deep / 'f.jpg'}: not a picture that can be read",
    ]
    result = run(tmp_path, "--json")
    said = [json.loads(line) for line in result.out.splitlines()]
    assert [Path(line["file"]).name for line in said] == [
        *("photo.jpg", "b.png", "c.gif", "d.jpg", "e.jpg", "f.jpg")
    ]
    assert said[0]["weights"]["bundled"] and "error" in said[-1]


def test_standard_input_and_lists(run: Command, jpeg: Path) -> None:
    piped = run("-", given=jpeg.read_bytes())
    assert piped.out.splitlines()[:2] == ["-", "  format: JPEG, sequential, 4:2:0"]
    listed = run("--files-from", "-", given=f"{jpeg}\n".encode())
    assert listed.out == run(jpeg).out
    assert listed.out.startswith(f"{jpeg}\n")


def test_json_lines(run: Command, jpeg: Path, tmp_path: Path, tiny_weights: Path) -> None:
    text = tmp_path / "line\nbreak.jpg"
    text.write_text("hello")
    result = run(text, jpeg, "--json", "--weights", tiny_weights)
    assert result.code == 1
    assert result.err.count("\n") == 1
    bad, good = map(json.loads, result.out.splitlines())
    assert bad == {"file": str(text), "error": "not a picture that can be read"}
    assert good["file"] == str(jpeg)
    assert (good["format"], good["width"], good["upright"]) == ("JPEG", 256, [192, 256])
    assert good["jpeg"] == {
        "subsampling": "4:2:0",
        "progressive": False,
        "quality": {"value": 20, "exact": True, "misfit": 0.0},
    }
    assert good["weights"] == {
        "name": "tiny",
        "scale": 2,
        "bundled": False,
        "trained_from": None,
        "trained_to": None,
        "quality_outside_training": None,
        "reason": "no trace of one",
        "earlier_save": None,
    }


@pytest.mark.parametrize(
    ("arguments", "message"),
    [(["--scale", "4"], "enlarges by 2"), (["--max-pixels", "0"], "--max-pixels 0")],
)
def test_wrong_usage_is_one_line_and_2(
    run: Command, jpeg: Path, tiny_weights: Path, arguments: list[str], message: str
) -> None:
    result = run(jpeg, "--weights", tiny_weights, *arguments)
    assert result.code == 2
    assert message in result.err
    assert result.err.count("\n") == 1
    assert result.out == ""


def test_unknown_weights_are_told(run: Command, jpeg: Path) -> None:
    result = run(jpeg, "--weights", "nothing")
    assert result.code == 1
    assert result.err.startswith("error: nothing: no such weight file")


def test_hostile_record_is_shown_on_one_line(
    run: Command, jpeg: Path, tmp_path: Path, tiny_weights: Path
) -> None:
    weights = read(tiny_weights)
    path = tmp_path / "hostile.safetensors"
    record = replace(weights.record, name="a\x1b[2J\nb", recipe={"qfs": [[]]})
    write(path, weights.tensors, record)
    result = run(jpeg, "--weights", path)
    assert result.code == 0, result.err
    assert "  weights: 'a\\x1b[2J\\nb' (for scale 2; it is not recorded" in result.out


def test_an_earlier_save_is_told(run: Command, tmp_path: Path, photo: Pixels) -> None:
    once, twice, broken = (tmp_path / name for name in ("once.jpg", "twice.jpg", "broken.jpg"))
    Image.fromarray(photo).save(once, quality=20)
    with Image.open(once) as image:
        image.crop((5, 3, 256, 192)).save(twice, quality=90)
    broken.write_bytes(twice.read_bytes()[:-2000])
    line = run(twice).out.split("  earlier save: ")[1].splitlines()[0]
    assert line.startswith("an earlier JPEG save of quality ")
    assert "its block grid shifted by 3 and 5 pixels" in line
    found = json.loads(run(twice, "--json").out)
    assert "harder before" not in run(twice).out + str(found["notes"])
    said = found["weights"]
    assert said["earlier_save"]["shift"] == [3, 5]
    assert abs(said["earlier_save"]["qf"] - 20) <= 1
    assert said["reason"] == line
    assert "its pixels cannot be looked at: " in run(broken).out
    broken.unlink()
    short = run(tmp_path).out.splitlines()
    assert short[0].endswith(", quality 20, jcarsr-lite-x2")
    assert short[1].endswith(f", quality 90, {line}, jcarsr-web-lite-x2")
