"""Messages: arguments named as options, which the command has, and the errors of others."""

import inspect
import re

import pytest

from jcarsr import ReadOptions, Restorer
from jcarsr.cli.restore import restore
from jcarsr.errors import one_line, with_options

NAMES = ("overwrite", "salvage", "first_frame", "scale", "precision", "engine", "crisp_weights")


@pytest.mark.parametrize("name", NAMES)
def test_arguments_are_named_as_options(name: str) -> None:
    flag = name in ("overwrite", "salvage", "first_frame")
    said = with_options(f"choose {name}={True if flag else 'x4'}: or else")
    assert said == f"choose --{name.replace('_', '-')}{'' if flag else ' x4'}: or else"
    assert name in inspect.signature(restore).parameters
    library = [Restorer.__init__, Restorer.restore_file, ReadOptions]
    if name != "scale":  # of Target
        assert any(name in inspect.signature(each).parameters for each in library)


def test_other_words_stay() -> None:
    said = "a=b/overwrite.png scale=/x salvaged salvage=False not_overwrite=True"
    assert with_options(said) == said
    said = "engine=x.png, d/scale=2, overwrite=True.jpg: cannot be read"
    assert with_options(said) == said
    assert not re.search("--", said)


@pytest.mark.parametrize(
    ("error", "line"),
    [
        (ValueError("one\ntwo\r\n  three"), "one two three"),
        (OSError(28, "No space left on device", "/some/where"), "No space left on device"),
        (OSError("bad\nmarker"), "bad marker"),
        (ValueError(), "ValueError"),
    ],
)
def test_errors_of_others_become_one_line(error: Exception, line: str) -> None:
    assert one_line(error) == line
