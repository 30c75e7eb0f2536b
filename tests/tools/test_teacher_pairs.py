"""Tests of the tool that makes training pairs with a teacher's pictures as targets."""

from __future__ import annotations

from pathlib import Path
from types import ModuleType, SimpleNamespace

import numpy as np
import pytest
from tests.support.pictures import open_image

from jcarsr.data.pairs import list_pairs, refuse_other_sizes
from jcarsr.degradation.pipeline import low_resolution
from jcarsr.methods.bicubic import Bicubic


def test_targets_are_the_teachers_and_a_stopped_run_goes_on(
    picture_folder: Path,
    tmp_path: Path,
    tiny_weights: Path,
    tool: ModuleType,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    out = tmp_path / "pairs"
    arguments = ["teacher_pairs.py", str(tiny_weights), "--data", str(picture_folder)]
    arguments += ["--scale", "2", "--side", "24", "--out", str(out)]
    monkeypatch.setattr("sys.argv", arguments)
    looks = iter(range(100))  # a minute goes by with every look at the clock
    monkeypatch.setattr(tool, "time", SimpleNamespace(monotonic=lambda: 60.0 * next(looks)))
    arguments += ["--minutes", "3"]
    assert tool.main() == 0
    pairs = list_pairs(out / "lq", out / "teacher")
    assert len(pairs) == 3
    refuse_other_sizes(pairs, 2)
    true = open_image(out / "true/000001.png")
    hr = open_image(picture_folder / "01.png")
    places = np.lib.stride_tricks.sliding_window_view(hr, (48, 48, 3))[::2, ::2, 0]
    assert (places == true).all((2, 3, 4)).any()
    lq = open_image(out / "lq/000001.png")
    assert 0 < np.abs(lq.astype(int) - low_resolution(true, 2)).mean() < 40
    first = (out / "teacher/000000.png").stat().st_mtime_ns
    arguments[-1] = "5"
    assert tool.main() == 0
    assert (out / "teacher/000000.png").stat().st_mtime_ns == first
    assert len(list_pairs(out / "lq", out / "teacher")) > 3


def test_a_second_teacher_and_a_share_of_the_truth(
    picture_folder: Path, tmp_path: Path, tool: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Targets are the mean that was asked for, but those of pieces saved once: not by bicubic."""
    out = tmp_path / "pairs"
    arguments = ["bicubic", "--once", "chain:jpeg5+bicubic", "--share", "0.25", "--scale", "2"]
    arguments += ["--data", str(picture_folder), "--side", "24", "--out", str(out)]
    monkeypatch.setattr("sys.argv", ["teacher_pairs.py", *arguments, "--minutes", "12"])
    looks = iter(range(100))
    monkeypatch.setattr(tool, "time", SimpleNamespace(monotonic=lambda: 60.0 * next(looks)))
    assert tool.main() == 0
    kinds = set[bool]()
    for path in sorted((out / "lq").iterdir()):
        lq, target, true = (
            open_image(out / kind / path.name) for kind in ("lq", "teacher", "true")
        )
        expected = 0.25 * true + 0.75 * Bicubic(2).restore(lq)
        kinds.add(bool((np.abs(target - expected) <= 0.5).all()))
    assert kinds == {True, False}


def test_pieces_at_their_own_size_agree_with_what_the_teacher_made_of_them(
    picture_folder: Path, tmp_path: Path, tool: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Pieces are parts of the pictures; a target that is shrunk again is its piece."""
    out = tmp_path / "pairs"
    arguments = ["bicubic", "--unshrunk", "--data", str(picture_folder), "--scale", "2"]
    arguments += ["--side", "24", "--out", str(out), "--minutes", "6"]
    monkeypatch.setattr("sys.argv", ["teacher_pairs.py", *arguments])
    looks = iter(range(100))
    monkeypatch.setattr(tool, "time", SimpleNamespace(monotonic=lambda: 60.0 * next(looks)))
    assert tool.main() == 0
    pairs = list_pairs(out / "lq", out / "teacher")
    refuse_other_sizes(pairs, 2)
    names = sorted(path.name for path in (out / "lq").iterdir())
    assert len(names) >= 3
    for name in names:
        lq, target, piece = (open_image(out / kind / name) for kind in ("lq", "teacher", "true"))
        assert piece.shape == lq.shape == (24, 24, 3)
        assert (lq != piece).any()
        assert np.square(low_resolution(target, 2).astype(float) - piece).mean() < 1.5
    hr = open_image(picture_folder / "01.png")
    places = np.lib.stride_tricks.sliding_window_view(hr, (24, 24, 3))[:, :, 0]
    assert (places == open_image(out / "true/000001.png")).all((2, 3, 4)).any()


def test_what_no_larger_picture_shrinks_to_is_left_out(tool: ModuleType) -> None:
    """Black and white pixels by turns: the mean of four pixels within range is never both."""
    board = np.indices((16, 16)).sum(0) % 2 * 255
    piece = np.repeat(board[..., None], 3, -1).astype(np.uint8)
    assert tool.enlarge(piece, Bicubic(2).restore) is None
    flat = np.full_like(piece, 77)
    assert (tool.enlarge(flat, Bicubic(2).restore) == 77).all()


@pytest.mark.parametrize("share", ["-0.1", "1.5", "x"])
def test_a_share_that_is_none_is_refused(
    tool: ModuleType,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    share: str,
) -> None:
    monkeypatch.setattr("sys.argv", ["teacher_pairs.py", "bicubic", f"--share={share}"])
    with pytest.raises(SystemExit):
        tool.main()
    assert "--share" in capsys.readouterr().err


def test_a_share_of_a_truth_that_unshrunk_pieces_lack_is_refused(
    tool: ModuleType,
    picture_folder: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    arguments = ["bicubic", "--unshrunk", "--share", "0.5", "--scale", "2"]
    arguments += ["--data", str(picture_folder), "--out", str(tmp_path / "pairs")]
    monkeypatch.setattr("sys.argv", ["teacher_pairs.py", *arguments])
    with pytest.raises(SystemExit):
        tool.main()
    assert "--unshrunk goes without" in capsys.readouterr().err
    assert not (tmp_path / "pairs").exists()
