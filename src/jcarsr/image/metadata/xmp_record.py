"""XMP properties that say how a result was made."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TypeVar

from jcarsr.image.metadata.xmp_tree import RDF, Name, Packet
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

Still = TypeVar("Still", bound=Picture | Animation)


def with_properties(xmp: bytes | None, properties: Mapping[Name, str]) -> bytes:
    """Return a packet with simple properties of the picture set; older values are replaced.

    Args:
        xmp: the packet; None = there is none yet.
        properties: (namespace, name) -> text; namespaces are those that this module knows.

    Raises:
        ValueError: it is no XML that can be read, or has no RDF to put them in.
    """
    packet = Packet(_EMPTY if xmp is None else xmp)
    elements = list(packet.root.walk())
    place = next((item for item in elements if item.name == (RDF, "RDF")), None)
    if place is None or place.inner[1] == place.end:
        raise ValueError("has no RDF")
    about = ""
    for described in place.children:
        if described.name != (RDF, "Description"):
            continue
        own = {value.name: value.text for value in described.attributes}
        about = own.get((RDF, "about"), about)
        for value in described.attributes:
            if value.name in properties:
                packet.remove(value.whole)
        for child in described.children:
            if child.name in properties:
                packet.remove((child.start, child.end))
    packet.insert(place.inner[1], _description(about, properties))
    return packet.to_bytes()


def record(picture: Still, properties: Mapping[Name, str]) -> Still:
    """Return the same with properties in its XMP data; a note says where there is no place."""
    if not properties:
        return picture
    try:
        xmp = with_properties(picture.metadata.xmp, properties)
    except ValueError:
        return replace(picture, notes=(*picture.notes, _UNCHANGED))
    return replace(picture, metadata=replace(picture.metadata, xmp=xmp))


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
