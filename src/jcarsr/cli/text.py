"""Texts as a terminal shows them on one line."""

from __future__ import annotations

from pathlib import Path


def printable(path: Path | str) -> str:
    """Return a path on one line, with any character in its name."""
    text = str(path)
    return text if text.isprintable() else repr(text)


def on_one_line(text: str) -> str:
    r"""A text with everything that a terminal would not print as a character escaped.

    >>> print(on_one_line("a\nb\x1b[2J"))
    a\nb\x1b[2J
    """
    return "".join(c if c.isprintable() else repr(c)[1:-1] for c in text)
