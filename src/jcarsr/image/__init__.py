"""Picture files: path or bytes <-> samples and metadata."""

from jcarsr.image.decode import decode, decode_rgb, from_pillow, size_of
from jcarsr.image.encode import (
    DEFAULT_QUALITY,
    SaveOptions,
    apply_orientation,
    encode_picture,
    save,
    save_bytes,
    upright,
)
from jcarsr.image.formats import (
    FORMATS,
    Format,
    check_format,
    format_named,
    format_of,
    names_other_format,
)
from jcarsr.image.open import (
    MAX_PIXELS,
    SUFFIXES,
    ReadOptions,
    limit_pillow,
    named_as_picture,
)
from jcarsr.image.picture import Animation, Metadata, Picture

__all__ = [
    "DEFAULT_QUALITY",
    "FORMATS",
    "MAX_PIXELS",
    "SUFFIXES",
    "Animation",
    "Format",
    "Metadata",
    "Picture",
    "ReadOptions",
    "SaveOptions",
    "apply_orientation",
    "check_format",
    "decode",
    "decode_rgb",
    "encode_picture",
    "format_named",
    "format_of",
    "from_pillow",
    "limit_pillow",
    "named_as_picture",
    "names_other_format",
    "save",
    "save_bytes",
    "size_of",
    "upright",
]
