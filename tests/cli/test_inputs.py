import os
from pathlib import Path

import pytest

from jcarsr.batch.plan import Refused
from jcarsr.cli import inputs
from jcarsr.cli.inputs import Inputs, gather_inputs, read_list
from jcarsr.errors import JCARSRError


def listed(tmp_path: Path, data: bytes, null: bool = False) -> list[str]:
    (tmp_path / "list").write_bytes(data)
    return read_list(str(tmp_path / "list"), null)


def test_words_are_paths_and_urls_are_refused_as_they_are_written() -> None:
    given = gather_inputs(["a.jpg", "HTTPS://x.org//a.jpg", "C:/b.jpg", "file:///c"], None, False)
    assert given.inputs == [
        Path("a.jpg"),
        Refused("HTTPS://x.org//a.jpg", "is a URL: download it first"),
        Path("C:/b.jpg"),
        Refused("file:///c", "is a URL: give its path"),
    ]


def test_hyphen_is_standard_input_and_alone() -> None:
    assert gather_inputs(["-"], None, False) == Inputs([], piped=True)
    assert gather_inputs(["./-"], None, False) == Inputs([Path("-")])
    for words, files_from in ((["-", "a.jpg"], None), (["-"], "list")):
        with pytest.raises(ValueError, match="no other input"):
            gather_inputs(words, files_from, False)


def test_nothing_given_is_wrong_usage() -> None:
    with pytest.raises(ValueError, match="no pictures"):
        gather_inputs(None, None, False)
    with pytest.raises(ValueError, match="--null"):
        gather_inputs(["a.jpg"], None, True)


def test_list_comes_after_the_words(tmp_path: Path) -> None:
    (tmp_path / "list").write_text("b.jpg\n-\n--scale\nhttp://x/y\n")
    given = gather_inputs(["a.jpg"], str(tmp_path / "list"), False)
    assert given.inputs == [
        *map(Path, ("a.jpg", "b.jpg", "-", "--scale")),
        Refused("http://x/y", "is a URL: download it first"),
    ]


@pytest.mark.parametrize(
    ("data", "null", "expected"),
    [
        (b"a.jpg\nb c.jpg\n", False, ["a.jpg", "b c.jpg"]),
        (b"a.jpg\n\n b.jpg", False, ["a.jpg", " b.jpg"]),
        (b"\xef\xbb\xbfa.jpg\r\nb.jpg\r\n", False, ["a.jpg", "b.jpg"]),
        (b"a\n.jpg\0b.jpg\r\0", True, ["a\n.jpg", "b.jpg\r"]),
        ("ねこ.jpg".encode(), False, ["ねこ.jpg"]),
    ],
)
def test_list_is_read(tmp_path: Path, data: bytes, null: bool, expected: list[str]) -> None:
    assert listed(tmp_path, data, null) == expected


@pytest.mark.skipif(os.name == "nt", reason="names are bytes on POSIX")
def test_names_that_are_no_text_are_kept(tmp_path: Path) -> None:
    (path,) = listed(tmp_path, b"\xff.jpg\n")
    assert os.fsencode(path) == b"\xff.jpg"


@pytest.mark.parametrize(
    ("data", "null", "reason"),
    [
        (b"", False, "lists no files"),
        (b"\n\r\n", False, "lists no files"),
        (b"a.jpg\0b.jpg\0", False, "--null"),
        ("a.jpg\n".encode("utf-16"), False, "plain text"),
        (b"x" * 21, False, "more than 20 bytes"),
    ],
)
def test_wrong_list_is_one_line(
    tmp_path: Path, data: bytes, null: bool, reason: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inputs, "MAX_LIST", 20)
    with pytest.raises(JCARSRError, match=reason):
        listed(tmp_path, data, null)
    with pytest.raises(JCARSRError, match="missing: No such file"):
        read_list("missing", null)
