"""XMP properties that say how a result was made."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TypeVar

from jcarsr.image.metadata.xmp_tree import RDF, Element, Name, Packet
from jcarsr.image.picture import Animation, Picture

OURS = "urn:x-jcarsr:1.0/"
"""The namespace of this package's properties."""

IPTC = "http://iptc.org/std/Iptc4xmpExt/2008-02-29/"
"""The namespace of the IPTC's extension of its photo metadata."""

_PREFIXES = {OURS: "jcarsr", IPTC: "Iptc4xmpExt"}
_EMPTY = (
    b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF '
    b'xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"></rdf:RDF></x:xmpmeta>'
)
_UNCHANGED = "its XMP data has no place for how it was made, which is not recorded in it"
_AI = "its metadata say that AI made it, which stays as it is"

SOURCE_TYPE = IPTC, "DigitalSourceType"
_OWN = frozenset({(OURS, "Strength"), (OURS, "Crisp")})
"""Said of one result: what it was made from may have said the like of itself."""

Still = TypeVar("Still", bound=Picture | Animation)


def with_properties(xmp: bytes | None, properties: Mapping[Name, str]) -> bytes:
    """Return a packet with simple properties of the picture set.

    Older values are replaced, and this package's own removed: they were said of another result.

    Args:
        xmp: the packet; None = there is none yet.
        properties: (namespace, name) -> text; namespaces are those that this module knows.

    Raises:
        ValueError: it is no XML that can be read, or has no RDF to put them in.
    """
    packet = Packet(_EMPTY if xmp is None else xmp)
    place = _place_in(packet)
    about, old = "", _OWN | set(properties)
    for described in _descriptions(place):
        own = {value.name: value.text for value in described.attributes}
        about = own.get((RDF, "about"), about)
        for value in described.attributes:
            if value.name in old:
                packet.remove(value.whole)
        for child in described.children:
            if child.name in old:
                packet.remove((child.start, child.end))
    if properties:
        packet.insert(place.inner[1], _description(about, properties))
    return packet.to_bytes()


def record(picture: Still, properties: Mapping[Name, str]) -> Still:
    """Return the same with properties in its XMP data; a note says where there is no place.

    A statement that AI made the picture says more than that it was enhanced, and stays.
    """
    old = picture.metadata.xmp
    if not properties and (old is None or OURS.encode() not in old):
        return picture
    notes = picture.notes
    try:
        if SOURCE_TYPE in properties and old is not None and is_said_to_be_ai(old):
            properties = {name: text for name, text in properties.items() if name != SOURCE_TYPE}
            notes = (*notes, _AI)
        xmp = with_properties(old, properties)
    except ValueError:
        return replace(picture, notes=(*notes, _UNCHANGED)) if properties else picture
    return replace(picture, metadata=replace(picture.metadata, xmp=xmp), notes=notes)


def is_said_to_be_ai(xmp: bytes) -> bool:
    """Return whether a packet's IPTC source type is one of AI, wholly or in parts.

    Raises:
        ValueError: as `with_properties`.
    """
    said: list[str] = []
    for described in _descriptions(_place_in(Packet(xmp))):
        said += [value.text for value in described.attributes if value.name == SOURCE_TYPE]
        for child in described.children:
            if child.name == SOURCE_TYPE:
                said += [child.text, *(value.text for value in child.attributes)]
    return any("trainedalgorithmicmedia" in text.lower() for text in said)


def _place_in(packet: Packet) -> Element:
    """The element that has the descriptions.

    Raises:
        ValueError: there is none, or none with an end tag.
    """
    place = next((item for item in packet.root.walk() if item.name == (RDF, "RDF")), None)
    if place is None or place.inner[1] == place.end:
        raise ValueError("has no RDF")
    return place


def _descriptions(place: Element) -> list[Element]:
    return [child for child in place.children if child.name == (RDF, "Description")]


def _description(about: str, properties: Mapping[Name, str]) -> str:
    from xml.sax.saxutils import escape, quoteattr  # here: it imports an HTTP client

    spaces = sorted({namespace for namespace, _ in properties})
    declared = "".join(f" xmlns:{_PREFIXES[space]}={quoteattr(space)}" for space in spaces)
    values = "".join(
        f"<{_PREFIXES[space]}:{name}>{escape(text)}</{_PREFIXES[space]}:{name}>"
        for (space, name), text in properties.items()
    )
    return (
        f'<rdf:Description xmlns:rdf="{RDF}" rdf:about={quoteattr(about)}{declared}>'
        f"{values}</rdf:Description>"
    )
