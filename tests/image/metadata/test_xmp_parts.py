"""XMP that has only some of the usual names, or those of one maker."""

import xml.etree.ElementTree as ElementTree

import pytest

from jcarsr.image.geometry import Change, Stored
from jcarsr.image.metadata.xmp import for_change, without_lost_parts

RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
PANORAMA = "http://ns.google.com/photos/1.0/panorama/"
OPPO = "http://ns.oplus.com/photos/1.0/camera/"
XIAOMI = "http://ns.xiaomi.com/photos/1.0/camera/"
CROPPED = {"CroppedAreaImageWidthPixels": 40, "CroppedAreaImageHeightPixels": 30}
PLACES = {"CroppedAreaLeftPixels": 7, "CroppedAreaTopPixels": 3}
FULL = {"FullPanoWidthPixels": 80, "FullPanoHeightPixels": 60}


def packet(namespace: str, form: str, **values: object) -> bytes:
    attributes = "".join(f' p:{name}="{value}"' for name, value in values.items())
    elements = "".join(f"<p:{name}>{value}</p:{name}>" for name, value in values.items())
    inner = f"{attributes}/>" if form == "attributes" else f">{elements}</rdf:Description>"
    return (
        f'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="{RDF}">'
        f'<rdf:Description rdf:about="" xmlns:p="{namespace}"{inner}</rdf:RDF></x:xmpmeta>'
    ).encode()


def read(xmp: bytes, namespace: str) -> dict[str, str]:
    (description,) = ElementTree.fromstring(xmp).iter(f"{{{RDF}}}Description")
    found = {**description.attrib, **{child.tag: child.text or "" for child in description}}
    start = f"{{{namespace}}}"
    return {name[len(start) :]: text for name, text in found.items() if name.startswith(start)}


@pytest.mark.parametrize("form", ["attributes", "elements"])
@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (CROPPED, ["80", "60"]),
        (CROPPED | FULL, ["80", "60", "160", "120"]),
        (CROPPED | PLACES, ["80", "60", "14", "6"]),
        (FULL, ["160", "120"]),
    ],
)
def test_a_panorama_that_says_only_some_of_it(
    form: str, names: dict[str, int], expected: list[str]
) -> None:
    change = Change(stored=Stored(width=40, height=30), width=80, height=60)
    found = read(for_change(packet(PANORAMA, form, **names), change), PANORAMA)
    assert found == dict(zip(names, expected, strict=True))


def test_a_turned_panorama_without_the_whole_size() -> None:
    """Its places cannot be known then, and stay."""
    change = Change(stored=Stored(width=40, height=30, orientation=6), width=30, height=40)
    found = read(for_change(packet(PANORAMA, "elements", **CROPPED, **PLACES), change), PANORAMA)
    assert [*found.values()] == ["30", "40", "7", "3"]


@pytest.mark.parametrize("form", ["attributes", "elements"])
def test_the_length_of_a_makers_video(form: str) -> None:
    values = {"VideoLength": 6024, "MotionPhotoOwner": "oplus", "SceneName": "night"}
    xmp, notes = without_lost_parts(packet(OPPO, form, **values))
    assert notes == ("its video was left out",)
    assert read(xmp, OPPO) == {"SceneName": "night"}


@pytest.mark.parametrize("form", ["attributes", "elements"])
def test_where_a_makers_second_picture_lay(form: str) -> None:
    places = "&lt;depthmap offset='5120' length='2048'/&gt;"
    xmp, notes = without_lost_parts(packet(XIAOMI, form, XMPMeta=places, SceneName="night"))
    assert notes == ("its attached data was left out",)
    assert read(xmp, XIAOMI) == {"SceneName": "night"}
