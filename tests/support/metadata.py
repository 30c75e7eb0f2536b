"""Metadata as cameras write it, and as Pillow reads it."""

import struct
from typing import Any

from PIL import ExifTags, Image, ImageCms
from PIL.TiffImagePlugin import IFDRational

SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
CAMERA, GPS, INTEROP, THUMBNAIL = (
    int(getattr(ExifTags.IFD, name)) for name in ("Exif", "GPSInfo", "Interop", "IFD1")
)
MAKER, ORIENTATION, COPYRIGHT, UNIT = 0x010F, 0x0112, 0x8298, 0x0128
WIDTH, HEIGHT = 0xA002, 0xA003


def image(width: int = 12, height: int = 10) -> Image.Image:
    return Image.new("RGB", (width, height), "teal")


def camera_exif(endian: str = "<") -> bytes:
    """What a camera writes: all groups, text beyond ASCII, a thumbnail behind."""
    tags = Image.Exif()
    tags.endian = endian
    tags.update({MAKER: "Maker", ORIENTATION: 6, COPYRIGHT: "© Zoë".encode()})
    tags.get_ifd(CAMERA).update(
        {
            0x829A: IFDRational(1, 125),
            0x8827: 400,
            0x9000: b"0232",
            0x9003: "2020:01:01 00:00:00",
            0x9204: IFDRational(-1, 3),
            0x927C: b"maker's note",
            WIDTH: 12,
            INTEROP: {1: "R98", 2: b"0100"},
        }
    )
    tags.get_ifd(GPS).update({1: "N", 2: (51.0, 30.0, 12.3), 5: b"\0"})
    tags[CAMERA] = tags.get_ifd(CAMERA)
    body = bytearray(tags.tobytes()[6:])
    count = struct.unpack_from(endian + "H", body, 8)[0]
    struct.pack_into(endian + "I", body, 10 + 12 * count, len(body))  # where the next is
    place = len(body) + 2 + 24 + 4
    body += struct.pack(endian + "HHHIIHHIII", 2, 0x201, 4, 1, place, 0x202, 4, 1, 5, 0) + b"THUMB"
    return b"Exif\0\0" + bytes(body)


def groups(tags: Image.Exif) -> dict[str, dict[int, Any]]:
    """All that Pillow finds, without the places of groups."""
    places = (CAMERA, GPS, INTEROP)
    found = {"": dict(tags)}
    found |= {name: tags.get_ifd(at) for name, at in (("camera", CAMERA), ("gps", GPS))}
    found |= {"interop": tags.get_ifd(INTEROP), "thumbnail": tags.get_ifd(THUMBNAIL)}
    return {
        name: {tag: value for tag, value in group.items() if tag not in places}
        for name, group in found.items()
    }


def loaded(exif: bytes) -> dict[str, dict[int, Any]]:
    tags = Image.Exif()
    tags.load(exif)
    return groups(tags)


_SIZED_XMP = """<x:xmpmeta xmlns:x="adobe:ns:meta/"
 xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:RDF><rdf:Description
 xmlns:tiff="http://ns.adobe.com/tiff/1.0/" xmlns:exif="http://ns.adobe.com/exif/1.0/"
 xmlns:dc="http://purl.org/dc/elements/1.1/" {attributes}>{elements}
 <dc:creator>Zoë</dc:creator></rdf:Description></rdf:RDF></x:xmpmeta>"""
_NUMBERS = {
    "tiff:Orientation": (6, 1),
    "tiff:ImageWidth": (3, 80),
    "tiff:ImageLength": (4, 120),
    "exif:PixelXDimension": (5, 80),
    "exif:PixelYDimension": (6, 120),
}


def sized_xmp(form: str, before: bool = True) -> bytes:
    """XMP that says a size and an orientation: of a 3x4 picture, or of its 80x120 result."""
    pairs = [(name, values[0 if before else 1]) for name, values in _NUMBERS.items()]
    attributes = " ".join(f'{name}="{value}"' for name, value in pairs)
    elements = "".join(f"<{name}>{value}</{name}>" for name, value in pairs)
    chosen = (attributes, "") if form == "attributes" else ("", elements)
    return _SIZED_XMP.format(attributes=chosen[0], elements=chosen[1]).encode()
