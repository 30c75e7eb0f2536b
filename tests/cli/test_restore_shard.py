"""`restore --shard` and `ledger`: several processes do one folder."""

import json
import signal
from pathlib import Path

import pytest
from PIL import Image
from support.commands import Command, Said, process

from jcarsr.batch.shard import FILE_NAME, Shard
from jcarsr.pixels import Pixels

SHARDS = ["1/3", "2/3", "3/3"]


@pytest.fixture
def album(tmp_path: Path, photo: Pixels) -> Path:
    """Nine small pictures in a tree, two of them broken, two with results of like names."""
    (tmp_path / "album" / "deep").mkdir(parents=True)
    for number in range(6):
        name = f"{'deep/' * (number % 2)}{number}.jpg"
        piece = photo[number : number + 12, 9 * number : 9 * number + 16]
        Image.fromarray(piece).save(tmp_path / "album" / name, quality=30)
    Image.fromarray(photo[:9, :9]).save(tmp_path / "album" / "0.png")
    (tmp_path / "album" / "deep" / "broken.jpg").write_bytes(b"no picture")
    (tmp_path / "album" / "empty.jpg").touch()
    return tmp_path / "album"


def made(out: Path) -> dict[str, bytes]:
    found = (path for path in out.rglob("*") if path.is_file() and path.suffix != ".sqlite3")
    return {path.relative_to(out).as_posix(): path.read_bytes() for path in found}


def sums(said: Said) -> str:
    return next(line for line in said.err.splitlines() if ", of " in line)


@pytest.mark.parametrize("listed", [False, True])
def test_three_shards_are_one_run_byte_for_byte(
    album: Path, run: Command, call: Command, tmp_path: Path, listed: bool
) -> None:
    inputs: list[object] = [album]
    if listed:
        (tmp_path / "list").write_text("".join(f"{path}\n" for path in sorted(album.rglob("*.*g"))))
        inputs = ["--files-from", tmp_path / "list"]
    whole, shared = tmp_path / "whole", tmp_path / "shared"
    assert run(*inputs, "-o", whole).code == 1
    sayings = [run(*inputs, "-o", shared, "--shard", shard) for shard in SHARDS]
    assert sum(len(said.errors) for said in sayings) == 2  # each broken one is named by one shard
    assert made(shared) == made(whole)
    assert len(made(whole)) == 7
    assert sorted(path.name for path in shared.glob("*.sqlite3")) == [
        f"jcarsr-ledger.{number}-of-3.sqlite3" for number in (1, 2, 3)
    ]
    for folder in (whole, shared):
        said = call("ledger", folder)
        assert (said.code, said.out.splitlines()[-1]) == (
            1,
            "9 inputs: 7 done, 2 failed, 0 missing",
        )
        assert len(said.errors) == 2
        assert "broken.jpg: not a picture that can be read" in said.err


def test_shard_again_restores_nothing(album: Path, run: Command, tmp_path: Path) -> None:
    first = run(album, "-o", tmp_path / "out", "--shard", "1/2", "--json")
    count = sum(json.loads(line)["state"] == "done" for line in first.out.splitlines())
    assert 0 < count < 7
    before = {path: path.stat().st_mtime_ns for path in (tmp_path / "out").rglob("*.png")}
    again = run(album, "-o", tmp_path / "out", "--shard", "1/2")
    assert sums(again).startswith(f"0 restored, {count} unchanged")
    assert before == {path: path.stat().st_mtime_ns for path in (tmp_path / "out").rglob("*.png")}


def test_ledger_names_what_is_missing_until_all_is_done(
    album: Path, run: Command, call: Command, tmp_path: Path
) -> None:
    for broken in ("deep/broken.jpg", "empty.jpg"):
        (album / broken).unlink()
    out = tmp_path / "out"
    run(album, "-o", out, "--shard", "1/3")
    run(album, "-o", out, "--shard", "2/3")
    said = call("ledger", out, "--json")
    found = json.loads(said.out)
    assert said.code == 1
    assert [part["state"] for part in found["shards"]] == ["ended", "ended", "not begun"]
    assert call("ledger", out).errors == ["error: without the inputs of shard 3/3"]
    run(album, "-o", out, "--shard", "3/3")
    done = call("ledger", out, "--check")
    assert (done.code, done.err) == (0, "")
    assert done.out.splitlines()[-1] == "7 inputs: 7 done, 0 failed, 0 missing"
    gone = next(out.rglob("4_x2.png"))
    gone.unlink()
    said = call("ledger", out, "--json")
    (left,) = json.loads(said.out)["left"]
    assert (said.code, left["source"], left["state"]) == (1, str(album / "4.jpg"), "missing")
    assert left["target"] == "4_x2.png"


def test_number_of_shards_changes_after_merging(
    album: Path, run: Command, call: Command, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    for shard in SHARDS[:2]:
        run(album, "-o", out, "--shard", shard)
    count = len(made(out))
    for others in ([], ["--shard", "1/2"]):
        said = run(album, "-o", out, *others)
        assert (said.code, len(said.errors)) == (1, 1)
        assert "jcarsr ledger --merge" in said.err
    assert "ledgers merged: 2" in call("ledger", out, "--merge").err
    assert [path.name for path in out.glob("*.sqlite3")] == [FILE_NAME]
    halves = [run(album, "-o", out, "--shard", shard) for shard in ("1/2", "2/2")]
    again = sum(line.count(" -> ") for said in halves for line in said.err.splitlines())
    assert again == 7 - count  # nothing is done twice
    assert len(made(out)) == 7
    call("ledger", out, "--merge")
    assert sums(run(album, "-o", out)) == "0 restored, 7 unchanged, 2 failed, of 9"


@pytest.mark.parametrize("value", ["0/3", "4/3", "a/b", ""])
def test_wrong_value_is_one_line_and_exit_code_2(
    value: str, album: Path, run: Command, tmp_path: Path
) -> None:
    said = run(album, "-o", tmp_path / "out", "--shard", value)
    assert (said.code, len(said.err.splitlines())) == (2, 1)
    assert said.errors[0].startswith(f"error: --shard{value and ' '}{value}: ")
    assert not (tmp_path / "out").exists()


def test_results_must_go_to_a_folder(small: Path, run: Command, tmp_path: Path) -> None:
    for out in ([], ["-o", tmp_path / "b.png"], ["-o", "-"]):
        said = run(small, *out, "--shard", "1/2")
        assert (said.code, said.out) == (2, "")
        assert said.errors == ["error: --shard 1/2: results of shards go to a folder: --out FOLDER"]


def test_file_of_defaults_may_not_share_out(
    small: Path, run: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("jcarsr.toml").write_text('[restore]\nshard = "1/2"\n')
    said = run(small, "-o", "out")
    assert said.code == 2
    assert "only on the command line" in said.err


def test_no_ledger_is_one_line(call: Command, tmp_path: Path) -> None:
    said = call("ledger", tmp_path)
    assert (said.code, len(said.err.splitlines())) == (1, 1)
    assert "has no ledger" in said.err


@pytest.mark.slow
def test_killed_shard_goes_on(
    album: Path, run: Command, call: Command, tmp_path: Path, tiny_weights: Path, photo: Pixels
) -> None:
    for number in range(100, 190):
        Image.fromarray(photo[:48, :64]).save(album / f"{number}.jpg")
    out = tmp_path / "out"
    arguments = [album, "-o", out, "--weights", tiny_weights, "--threads", 1, "--shard", "2/3"]
    before = dict[Path, int]()
    for _ in range(3):
        with process(*arguments, "--json") as running:
            assert running.stdout is not None
            done = 0
            while done < 3:
                done += json.loads(running.stdout.readline())["state"] == "done"
            running.send_signal(signal.SIGKILL)
        assert running.returncode == -signal.SIGKILL
        now = {path: path.stat().st_mtime_ns for path in out.rglob("*.png")}
        assert before.items() <= now.items()  # nothing was lost or done twice
        before = now
    said = call("ledger", out, "--json")
    found = json.loads(said.out)["shards"][1]
    assert (said.code, found["state"]) == (1, "ended")
    assert found["missing"] > 0
    assert found["done"] >= 9
    last = run(*arguments)
    assert before.items() <= {p: p.stat().st_mtime_ns for p in out.rglob("*.png")}.items()
    assert sums(last).startswith(f"{found['missing']} restored, {found['done']} unchanged")
    for shard in ("1/3", "3/3"):
        run(album, "-o", out, "--shard", shard)
    run(album, "-o", tmp_path / "whole")
    assert made(out) == made(tmp_path / "whole")
    assert not list(out.rglob("*.jcarsr-part"))
    assert Shard(2, 3).ledger_name in {path.name for path in out.iterdir()}
