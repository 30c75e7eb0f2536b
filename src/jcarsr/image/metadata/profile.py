"""What a colour profile is one for (ICC.1:2010, 7.2: the header)."""

from __future__ import annotations


def colour_space(profile: bytes) -> str | None:
    """What an ICC profile describes ("RGB", "GRAY", "CMYK", ...), None if it is no profile."""
    if len(profile) < 132 or profile[36:40] != b"acsp":
        return None
    return profile[16:20].decode("latin-1").strip()


def wrong_profile(profile: bytes) -> str:
    """The note on a profile that is not one for the picture's kind of colours."""
    space = "".join(c for c in colour_space(profile) or "" if c.isprintable())
    return f"its colour profile is one for {space} and was left out"
