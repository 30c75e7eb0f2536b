"""Regions of a picture in XMP: faces and things, in four vocabularies.

They are the Metadata Working Group's, Microsoft's, IPTC's and ACDSee's.
"""

from __future__ import annotations

from collections.abc import Sequence

from jcarsr.image.geometry import Change
from jcarsr.image.metadata.xmp_tree import RDF, Element, Packet, Value
from jcarsr.image.metadata.xmp_values import Number, Values, as_text, numbers, parse_number

_MWG = "http://www.metadataworkinggroup.com/schemas/regions/"
_ACDSEE = "http://ns.acdsee.com/regions/"
_AREAS = ("http://ns.adobe.com/xmp/sType/Area#", "http://ns.acdsee.com/sType/Area#")
_SIZES = {  # of the picture that areas were drawn on: the element -> the namespace of its fields
    (_MWG, "AppliedToDimensions"): "http://ns.adobe.com/xap/1.0/sType/Dimensions#",
    (_ACDSEE, "AppliedToDimensions"): "http://ns.acdsee.com/sType/Dimensions#",
}
_RECTANGLE = ("http://ns.microsoft.com/photo/1.2/t/Region#", "Rectangle")
_IPTC = "http://iptc.org/std/Iptc4xmpExt/2008-02-29/"


def change_regions(packet: Packet, element: Element, values: Values, change: Change) -> None:
    """Bring what one element says of a region to the result.

    Args:
        packet: receives the changes.
        element: of the packet.
        values: the properties in it.
        change: from the stored picture.
    """
    for namespace in _AREAS:
        if (centre := numbers(values, namespace, "xy")) is not None:
            pixels = _is_pixel(values.get((namespace, "unit")))
            size = numbers(values, namespace, "wh")
            _change_area(packet, centre, size, change, pixels=pixels)
    if element.name in _SIZES and (size := numbers(values, _SIZES[element.name], "wh")):
        change_size(packet, size, change)
    if _RECTANGLE in values:
        _change_rectangle(packet, values[_RECTANGLE], change)
    if element.name == (_IPTC, "RegionBoundary"):
        _change_boundary(packet, element, values, change)


def change_size(packet: Packet, size: Sequence[Number], change: Change) -> None:
    """Bring a width and a height in pixels to the result."""
    for item, number in zip(size, change.size(size[0].number, size[1].number), strict=True):
        packet.replace(item.value, str(round(number)))


def _change_area(
    packet: Packet,
    centre: Sequence[Number],
    size: Sequence[Number] | None,
    change: Change,
    *,
    pixels: bool,
) -> None:
    """An area's centre and size, in parts of the picture or in pixels."""
    x, y = centre[0].number, centre[1].number
    _put(packet, centre, change.pixel(x, y) if pixels else change.point(x, y))
    if size is not None:
        _put(packet, size, _extent(size[0].number, size[1].number, change, pixels=pixels))


def _is_pixel(unit: Value | None) -> bool:
    return unit is not None and unit.text == "pixel"


def _extent(width: float, height: float, change: Change, *, pixels: bool) -> tuple[float, float]:
    if pixels:
        return change.size(width, height)
    return (height, width) if change.stored.turned else (width, height)


def _put(packet: Packet, items: Sequence[Number], new: Sequence[float]) -> None:
    for item, number in zip(items, new, strict=True):
        packet.replace(item.value, as_text(number, item.value.text))


def _change_rectangle(packet: Packet, value: Value, change: Change) -> None:
    """A region of Microsoft's: left, top, width and height in parts of the picture."""
    try:
        left, top, width, height = (parse_number(part) for part in value.text.split(","))
    except ValueError:
        return
    if change.stored.orientation != 1:
        box = change.box((left, top, width, height), (1, 1))
        packet.replace(value, ", ".join(as_text(number, "") for number in box))


def _change_boundary(packet: Packet, element: Element, values: Values, change: Change) -> None:
    """IPTC's rectangle (by its upper left corner), circle (centre, radius) or polygon."""
    pixels = _is_pixel(values.get((_IPTC, "rbUnit")))
    stored = change.stored
    place = numbers(values, _IPTC, ("rbX", "rbY"))
    size = numbers(values, _IPTC, ("rbW", "rbH"))
    radius = numbers(values, _IPTC, ("rbRx",))
    if place and size:
        whole = (stored.width, stored.height) if pixels else (1, 1)
        box = (place[0].number, place[1].number, size[0].number, size[1].number)
        left, top, width, height = change.box(box, whole)
        factors = (change.across, change.down) if pixels else (1, 1)
        _put(packet, place, (left * factors[0], top * factors[1]))
        _put(packet, size, (width * factors[0], height * factors[1]))
    elif place and radius:
        _change_area(packet, place, None, change, pixels=pixels)
        length = radius[0].number * (1 if pixels else stored.width)  # pixels, as stored
        length *= (change.across + change.down) / 2
        _put(packet, radius, (length / (1 if pixels else change.width),))
    for vertex in element.walk():
        corner = numbers({v.name: v for v in vertex.values()}, _IPTC, ("rbX", "rbY"))
        if corner and vertex.name == (RDF, "li"):
            _change_area(packet, corner, None, change, pixels=pixels)
