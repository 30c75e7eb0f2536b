"""The texts in which a PNG keeps what it has no chunk of its own for."""

from __future__ import annotations

import io
from typing import IO

from PIL.PngImagePlugin import PngInfo, iTXt

from jcarsr.image.metadata.iptc import PNG_KEYWORDS, png_text
from jcarsr.image.metadata.raw_profile import RAW
from jcarsr.image.picture import Metadata
from jcarsr.image.png.layout import TEXT_KINDS, XMP_KEYWORD, iter_chunks, split_text

_COMMENT = "Comment"
_LONGEST_KEYWORD = 79  # letters
_LONG = 1024  # letters from which on a text is compressed
_MAX_CHUNK = 2**24  # bytes; a larger one is left unread


def texts_of(metadata: Metadata) -> PngInfo:
    """XMP, IPTC data, comments and texts as a PNG's chunks, for Pillow and for `write16`."""
    texts = PngInfo()
    if metadata.xmp:
        texts.add_itxt(XMP_KEYWORD, metadata.xmp.decode("utf-8", "replace"))
    if metadata.iptc:
        texts.add_text(PNG_KEYWORDS[0], png_text(metadata.iptc), zip=True)
    for comment in metadata.comments:
        texts.add_text(_COMMENT, comment_text(comment))
    for keyword, text in metadata.texts:  # of letters beyond Latin-1 Pillow makes an iTXt chunk
        texts.add_text(keyword, text, zip=len(text) > _LONG)
    return texts


def take_texts(stream: IO[bytes]) -> tuple[tuple[tuple[str, str], ...], IO[bytes] | None]:
    """Read the texts of a PNG, wherever they stand, and hide from Pillow those that it mistakes.

    Pillow puts texts under their keywords among its own facts: one with the keyword "transparency"
    would cost the picture. Its facts have names of small letters, keywords mostly none.

    Args:
        stream: with chunks that `without_bad_chunks` lets through.

    Returns:
        (keyword, text) in the file's order, but for those in which it keeps other metadata; an
        international text is an `iTXt`. And the file without them, None if Pillow may see it.
    """
    texts, mistaken, kept, at = list[tuple[str, str]](), False, list[tuple[int, int]](), 0
    for chunk in iter_chunks(stream):
        if chunk.kind not in TEXT_KINDS or chunk.length > _MAX_CHUNK:
            continue
        found = split_text(chunk.kind, stream.read(chunk.length))
        if not _is_own_text(found.keyword):
            continue
        if found.translated is None:
            text = found.text.decode("latin-1")
        else:
            text = iTXt(found.text.decode("utf-8", "replace"), found.language, found.translated)
        texts.append((found.keyword, text))
        mistaken = mistaken or not found.keyword[:1].isupper()
        kept.append((at, chunk.start - 8))
        at = chunk.end
    if not mistaken:
        return tuple(texts), None
    hidden = io.BytesIO()
    for start, end in kept:
        stream.seek(start)
        hidden.write(stream.read(end - start))
    stream.seek(at)
    hidden.write(stream.read())
    hidden.seek(0)
    return tuple(texts), hidden


def _is_own_text(keyword: str) -> bool:
    """Whether a text of a PNG is for people or programs, and not the form of other metadata."""
    own = keyword != XMP_KEYWORD and not keyword.startswith(RAW)
    return own and 1 <= len(keyword) <= _LONGEST_KEYWORD


def comment_text(comment: bytes) -> str:
    """Return a comment as text: UTF-8 if it can be that, else Latin-1; without zeros."""
    try:
        text = comment.decode()
    except UnicodeDecodeError:
        text = comment.decode("latin-1")
    return text.strip("\0").replace("\0", " ")
