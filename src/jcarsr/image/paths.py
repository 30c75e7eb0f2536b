"""What the words of a command name: files and folders, and URLs, which are refused."""

from __future__ import annotations

import re

_URL = re.compile(r"([a-z][a-z0-9+.-]+)://", re.IGNORECASE)  # longer than the letter of a drive


def why_no_path(word: str) -> str | None:
    """Say why a word is no path of a file, None if it is one.

    >>> why_no_path("https://example.org/a.jpg")
    'is a URL: download it first'
    >>> why_no_path("file:///tmp/a.jpg")
    'is a URL: give its path'
    >>> why_no_path("C://a.jpg") is None
    True
    """
    url = _URL.match(word)
    if url is None:
        return None
    return f"is a URL: {'give its path' if url[1].lower() == 'file' else 'download it first'}"
