"""An empty word, which a variable without a value leaves behind, is no path."""

import os
from pathlib import Path

import pytest
from support.commands import Command, Said


@pytest.fixture(autouse=True)
def _folder(small: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(small.parent)


@pytest.mark.parametrize(
    ("words", "name"),
    [
        (["restore", "", "-o", "out"], '""'),
        (["restore", "a.jpg", "", "-o", "out"], '""'),
        (["restore", "a.jpg", "-o", ""], "--out"),
        (["restore", "a.jpg", "--out="], "--out"),
        (["restore", "a.jpg", "--files-from", ""], "--files-from"),
        (["restore", "a.jpg", "--config", ""], "--config"),
        (["inspect", ""], '""'),
        (["ledger", ""], '""'),
        (["batch", "", "-o", "out"], '""'),
        (["batch", ".", "-o", ""], "--out"),
        (["evaluate", "--data", ""], "--data"),
        (["train", "short", "--out", ""], "--out"),
        (["train", "short", "--out", "run", "--data", "a", "--data", ""], "--data"),
        (["train", "short", "--out", "run", "--pairs", "a", ""], "--pairs"),
        (["weights", ""], '""'),
    ],
)
def test_empty_word_is_wrong_usage(call: Command, words: list[str], name: str) -> None:
    message = f"error: {name}: is empty (a variable that is not set?)\n"
    assert call(*words) == Said(2, "", message)
    assert os.listdir() == ["a.jpg"]


def test_help_and_full_words_are_left_alone(call: Command) -> None:
    assert call("inspect", "", "--help").code == 0
    assert call("inspect", "a.jpg").code == 0


def test_empty_value_of_the_file_of_defaults(call: Command) -> None:
    Path("jcarsr.toml").write_text('[restore]\nout = ""\n')
    said = call("restore", "a.jpg")
    assert (said.code, said.err) == (2, "error: jcarsr.toml: [restore] out = '': is empty\n")
