import io
import xml.etree.ElementTree as ElementTree
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image
from support.pictures import xmp_value

from jcarsr.image import Picture
from jcarsr.image.metadata.xmp_record import IPTC, OURS, SOURCE_TYPE, record, with_properties
from jcarsr.image.metadata.xmp_tree import RDF
from jcarsr.image.picture import Metadata

STRENGTH = (OURS, "Strength")
LIGHTROOM = (
    b"<?xpacket begin='' id='W5M0MpCehiHzreSzNTczkc9d'?><x:xmpmeta xmlns:x='adobe:ns:meta/'>"
    b"<rdf:RDF xmlns:rdf='http://www.w3.org/1999/02/22-rdf-syntax-ns#'>"
    b"<rdf:Description rdf:about='uuid:1' xmlns:dc='http://purl.org/dc/elements/1.1/' "
    b"dc:format='image/jpeg'/></rdf:RDF></x:xmpmeta><?xpacket end='w'?>"
)


def values(xmp: bytes, name: tuple[str, str]) -> list[tuple[str, str]]:
    """(about, text) of every value of a property, by Python's own parser."""
    rdf = ElementTree.fromstring(xmp).find(f"{{{RDF}}}RDF")
    assert rdf is not None
    found: list[tuple[str, str]] = []
    for described in rdf:
        about = described.get(f"{{{RDF}}}about", "")
        key = f"{{{name[0]}}}{name[1]}"
        found += [(about, described.attrib[key])] if key in described.attrib else []
        found += [(about, child.text or "") for child in described if child.tag == key]
    return found


def test_new_packets_hold_the_properties() -> None:
    assert values(with_properties(None, {STRENGTH: "0.5 <&>"}), STRENGTH) == [("", "0.5 <&>")]


def test_other_values_stay_as_they_are() -> None:
    packet = with_properties(LIGHTROOM, {STRENGTH: "0.5"})
    assert values(packet, STRENGTH) == [("uuid:1", "0.5")]
    place = LIGHTROOM.index(b"</rdf:RDF>")
    assert packet.startswith(LIGHTROOM[:place])
    assert packet.endswith(LIGHTROOM[place:])


def test_older_values_are_replaced() -> None:
    once = with_properties(LIGHTROOM, {STRENGTH: "0.5"})
    assert values(with_properties(once, {STRENGTH: "0.25"}), STRENGTH) == [("uuid:1", "0.25")]
    attribute = LIGHTROOM.replace(
        b"dc:format=", f"xmlns:j='{OURS}' j:Strength='1' dc:format=".encode()
    )
    assert values(with_properties(attribute, {STRENGTH: "0.25"}), STRENGTH) == [("uuid:1", "0.25")]


@pytest.mark.parametrize(
    "packet", [b"no XML", b"<a/>", b"<x><rdf:RDF xmlns:rdf='" + RDF.encode() + b"'/></x>"]
)
def test_where_there_is_no_place_a_note_says_so(packet: bytes) -> None:
    picture = Picture(np.zeros((1, 1, 3), np.uint8), metadata=Metadata(xmp=packet))
    recorded = record(picture, {STRENGTH: "0.5"})
    assert recorded.metadata == picture.metadata
    assert recorded.notes == (
        "its XMP data has no place for how it was made, which is not recorded in it",
    )
    assert record(picture, {}) is picture


def test_what_an_earlier_result_said_of_itself_goes() -> None:
    once = with_properties(LIGHTROOM, {STRENGTH: "0.5", (OURS, "Crisp"): "1"})
    picture = Picture(np.zeros((1, 1, 3), np.uint8), metadata=Metadata(xmp=once))
    again = record(picture, {}).metadata.xmp
    assert again is not None
    assert not values(again, STRENGTH)
    assert not values(again, (OURS, "Crisp"))
    crisp = record(picture, {(OURS, "Crisp"): "0.5"}).metadata.xmp
    assert crisp is not None
    assert not values(crisp, STRENGTH)
    assert values(crisp, (OURS, "Crisp")) == [("uuid:1", "0.5")]


MADE_BY_AI = "http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia"


@pytest.mark.parametrize(
    "said",
    [
        f"xmlns:i='{IPTC}' i:DigitalSourceType='{MADE_BY_AI}'/>",
        f"xmlns:i='{IPTC}'><i:DigitalSourceType>{MADE_BY_AI}</i:DigitalSourceType>"
        "</rdf:Description>",
        f"xmlns:i='{IPTC}'><i:DigitalSourceType rdf:resource='{MADE_BY_AI}'/></rdf:Description>",
    ],
)
def test_that_ai_made_it_stays_said(said: str) -> None:
    packet = LIGHTROOM.replace(b"dc:format='image/jpeg'/>", said.encode())
    picture = Picture(np.zeros((1, 1, 3), np.uint8), metadata=Metadata(xmp=packet))
    recorded = record(picture, {SOURCE_TYPE: "enhanced", STRENGTH: "0.5"})
    assert recorded.metadata.xmp is not None
    assert said.encode() in recorded.metadata.xmp
    assert b"enhanced" not in recorded.metadata.xmp
    assert values(recorded.metadata.xmp, STRENGTH) == [("uuid:1", "0.5")]
    assert recorded.notes == ("its metadata say that AI made it, which stays as it is",)
    photo = packet.replace(MADE_BY_AI.encode(), b"digitalCapture")
    recorded = record(replace(picture, metadata=Metadata(xmp=photo)), {SOURCE_TYPE: "enhanced"})
    assert recorded.metadata.xmp is not None
    assert [text for _, text in values(recorded.metadata.xmp, SOURCE_TYPE)] == ["enhanced"]


def test_pillow_reads_it_from_a_file() -> None:
    file = io.BytesIO()
    Image.new("RGB", (2, 2)).save(file, "JPEG", xmp=with_properties(None, {STRENGTH: "0.5"}))
    with Image.open(file) as image:
        assert xmp_value(image, STRENGTH) == "0.5"


def test_an_element_without_end_tag_is_removed_alone() -> None:
    packet = LIGHTROOM.replace(
        b"dc:format='image/jpeg'/>", f"xmlns:j='{OURS}'><j:Strength/></rdf:Description>".encode()
    )
    assert values(with_properties(packet, {STRENGTH: "0.5"}), STRENGTH) == [("uuid:1", "0.5")]
