"""What each format can hold of a picture's metadata, and how Pillow writes it."""

from __future__ import annotations

import struct
from dataclasses import replace
from typing import Any

from PIL import Image, PngImagePlugin

from jcarsr.image.colours import grey_to_srgb
from jcarsr.image.iptc import IPTC_TAG, PNG_KEYWORDS, jpeg_segment, png_text
from jcarsr.image.metadata import XMP_TAG, colour_space, with_resolution
from jcarsr.image.picture import Metadata, Picture
from jcarsr.image.png16 import PNG_COMMENT, comment_text

_JPEG_SEGMENT = 65_000  # bytes of EXIF, XMP or IPTC that a JPEG holds


def fitting(metadata: Metadata, format: str) -> tuple[Metadata, tuple[str, ...]]:
    """What `format` can hold of `metadata`, and notes on the rest."""
    notes: list[str] = []
    if format in ("webp", "avif"):
        metadata = with_resolution(metadata)
        if metadata.iptc:
            metadata = replace(metadata, iptc=None)
            notes.append(f"its IPTC data, which {format} cannot hold, was left out")
    if metadata.comments and format not in ("jpg", "png"):
        metadata = replace(metadata, comments=())
        notes.append(f"its comment, which {format} cannot hold, was left out")
    if format == "jpg":
        if any(len(comment) > _JPEG_SEGMENT for comment in metadata.comments):
            metadata = replace(metadata, comments=())
            notes.append("its comment is larger than jpg can hold and was left out")
        for kind in ("exif", "xmp", "iptc"):
            data: bytes | None = getattr(metadata, kind)
            if data and len(data) > _JPEG_SEGMENT:
                metadata = replace(metadata, **{kind: None})
                notes.append(
                    f"its {kind.upper()} data is larger than jpg can hold and was left out"
                )
    return metadata, tuple(notes)


def with_fitting_colours(picture: Picture, format: str) -> tuple[Picture, tuple[str, ...]]:
    """Return the same with a profile's grey as that of sRGB if `format` has no grey, and notes."""
    profile = picture.metadata.icc_profile
    if format not in ("webp", "avif") or not profile or colour_space(profile) != "GRAY":
        return picture, ()
    plain = replace(picture, metadata=replace(picture.metadata, icc_profile=None))
    conversion = grey_to_srgb(profile)
    if conversion is None:
        return plain, (f"its colour profile is one for grey, which {format} cannot hold",)
    return replace(plain, samples=conversion.apply(picture.samples)), ()


def settings_for(metadata: Metadata, format: str, quality: int) -> dict[str, Any]:
    """Pillow's arguments; with `metadata` that `format` can hold, for TIFF without EXIF data."""
    settings: dict[str, Any] = {}
    if format in ("jpg", "webp", "avif"):
        settings["quality"] = quality
    if format in ("jpg", "avif"):
        settings["subsampling"] = "4:4:4"
    if format == "tiff":
        settings["compression"] = "tiff_adobe_deflate"
    if metadata.icc_profile:
        settings["icc_profile"] = metadata.icc_profile
    if metadata.dpi and format in ("jpg", "png", "tiff"):
        settings["dpi"] = metadata.dpi
    if metadata.exif:
        settings["exif"] = metadata.exif
    if format == "tiff":
        settings["exif"] = _tiff_tags(metadata)
    if format == "png":
        settings["pnginfo"] = _png_texts(metadata)
    elif metadata.xmp and format != "tiff":
        settings["xmp"] = metadata.xmp
    if format == "jpg":
        segments = [b"\xff\xfe" + struct.pack(">H", len(c) + 2) + c for c in metadata.comments]
        segments += [jpeg_segment(metadata.iptc)] if metadata.iptc else []
        settings["extra"] = b"".join(segments)
    return settings


def _png_texts(metadata: Metadata) -> PngImagePlugin.PngInfo:
    texts = PngImagePlugin.PngInfo()
    if metadata.xmp:
        texts.add_itxt("XML:com.adobe.xmp", metadata.xmp.decode("utf-8", "replace"))
    if metadata.iptc:
        texts.add_text(PNG_KEYWORDS[0], png_text(metadata.iptc), zip=True)
    for comment in metadata.comments:
        texts.add_text(PNG_COMMENT, comment_text(comment))
    return texts


def _tiff_tags(metadata: Metadata) -> Image.Exif:
    tags = Image.Exif()
    if metadata.xmp:
        tags[XMP_TAG] = metadata.xmp
    if metadata.iptc:
        tags[IPTC_TAG] = metadata.iptc
    return tags
