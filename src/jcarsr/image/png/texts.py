"""The texts in which a PNG keeps what it has no chunk of its own for."""

from __future__ import annotations

from PIL import Image
from PIL.PngImagePlugin import PngInfo

from jcarsr.image.metadata.iptc import PNG_KEYWORDS, png_text
from jcarsr.image.picture import Metadata

XMP_KEYWORD = "XML:com.adobe.xmp"
"""Of XMP data (XMP specification, part 3, 1.1.5)."""

_COMMENT = "Comment"
_RAW = "Raw profile type "  # how ImageMagick keeps EXIF, IPTC and other data
_LONGEST_KEYWORD = 79  # letters
_LONG = 1024  # letters from which on a text is compressed


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


def find_texts(png: Image.Image) -> tuple[tuple[str, str], ...]:
    """(keyword, text) of an opened PNG, but for those in which it keeps other metadata.

    Those behind its pixels are there once they are decoded, or `find_late_metadata` was called.
    """
    return tuple(
        (keyword, str(text))
        for keyword, text in png.info.items()
        if isinstance(text, str) and isinstance(keyword, str) and is_own_text(keyword)
    )


def is_own_text(keyword: str) -> bool:
    """Whether a text of a PNG is for people or programs, and not the form of other metadata."""
    own = keyword != XMP_KEYWORD and not keyword.startswith(_RAW)
    return own and 1 <= len(keyword) <= _LONGEST_KEYWORD


def comment_text(comment: bytes) -> str:
    """Return a comment as text: UTF-8 if it can be that, else Latin-1; without zeros."""
    try:
        text = comment.decode()
    except UnicodeDecodeError:
        text = comment.decode("latin-1")
    return text.strip("\0").replace("\0", " ")
