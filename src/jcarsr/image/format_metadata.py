"""What each format can hold of a picture's metadata, and how Pillow writes it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from PIL import Image

from jcarsr.image.colour.settle import grey_to_srgb
from jcarsr.image.formats import LOSSY
from jcarsr.image.jpeg.segments import MAX_SEGMENT, segments_of
from jcarsr.image.metadata.carry import with_resolution
from jcarsr.image.metadata.profile import colour_space
from jcarsr.image.picture import Metadata, Picture
from jcarsr.image.png.deflate import STRATEGY
from jcarsr.image.png.texts import texts_of
from jcarsr.image.tiff.tags import tags_of

_MAX_JFIF_DPI = 65_535


def fit_metadata(metadata: Metadata, format: str) -> tuple[Metadata, tuple[str, ...]]:
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
    if metadata.texts and format != "png":
        keywords = ", ".join(dict.fromkeys(keyword for keyword, _ in metadata.texts))
        metadata = replace(metadata, texts=())
        notes.append(f"its text ({keywords}), which {format} cannot hold, was left out")
    if format == "jpg":
        if metadata.dpi and max(map(round, metadata.dpi)) > _MAX_JFIF_DPI:
            metadata = replace(metadata, dpi=None)
            notes.append("its resolution is higher than jpg can hold and was left out")
        if any(len(comment) > MAX_SEGMENT for comment in metadata.comments):
            metadata = replace(metadata, comments=())
            notes.append("its comment is larger than jpg can hold and was left out")
        for kind in ("exif", "xmp", "iptc"):
            data: bytes | None = getattr(metadata, kind)
            if data and len(data) > MAX_SEGMENT:
                metadata = replace(metadata, **{kind: None})
                notes.append(
                    f"its {kind.upper()} data is larger than jpg can hold and was left out"
                )
    return metadata, tuple(notes)


def fit_colours(picture: Picture, format: str) -> tuple[Picture, tuple[str, ...]]:
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
    if format in LOSSY:
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
        tags = settings["exif"] = Image.Exif()
        tags.update(tags_of(metadata))
    if format == "png":
        settings["pnginfo"] = texts_of(metadata)
        settings["compress_type"] = STRATEGY
    elif metadata.xmp and format != "tiff":
        settings["xmp"] = metadata.xmp
    if format == "jpg":
        settings["extra"] = segments_of(metadata)
    return settings
