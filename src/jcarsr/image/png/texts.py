"""The texts in which a PNG keeps what it has no chunk of its own for."""

from __future__ import annotations

from PIL.PngImagePlugin import PngInfo

from jcarsr.image.metadata.iptc import PNG_KEYWORDS, png_text
from jcarsr.image.picture import Metadata

XMP_KEYWORD = "XML:com.adobe.xmp"
"""Of XMP data (XMP specification, part 3, 1.1.5)."""

_COMMENT = "Comment"


def texts_of(metadata: Metadata) -> PngInfo:
    """XMP, IPTC data and comments as a PNG's chunks, for Pillow and for `write16`."""
    texts = PngInfo()
    if metadata.xmp:
        texts.add_itxt(XMP_KEYWORD, metadata.xmp.decode("utf-8", "replace"))
    if metadata.iptc:
        texts.add_text(PNG_KEYWORDS[0], png_text(metadata.iptc), zip=True)
    for comment in metadata.comments:
        texts.add_text(_COMMENT, comment_text(comment))
    return texts


def comment_text(comment: bytes) -> str:
    """Return a comment as text: UTF-8 if it can be that, else Latin-1; without zeros."""
    try:
        text = comment.decode()
    except UnicodeDecodeError:
        text = comment.decode("latin-1")
    return text.strip("\0").replace("\0", " ")
