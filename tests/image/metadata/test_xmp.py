"""Places and sizes in XMP against the pixels of results, and what XMP must not say any more."""

import io
import xml.etree.ElementTree as ElementTree
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from jcarsr.image import FORMATS, Picture, SaveOptions, decode, save
from jcarsr.image.facts import facts
from jcarsr.image.geometry import Change, Stored
from jcarsr.image.metadata.xmp import for_change, without_lost_parts
from jcarsr.image.metadata.xmp_tree import Packet

RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
SPACES = {
    "rdf": RDF,
    "xmp": "http://ns.adobe.com/xap/1.0/",
    "dc": "http://purl.org/dc/elements/1.1/",
    "tiff": "http://ns.adobe.com/tiff/1.0/",
    "exif": "http://ns.adobe.com/exif/1.0/",
    "GPano": "http://ns.google.com/photos/1.0/panorama/",
    "mwg-rs": "http://www.metadataworkinggroup.com/schemas/regions/",
    "stArea": "http://ns.adobe.com/xmp/sType/Area#",
    "stDim": "http://ns.adobe.com/xap/1.0/sType/Dimensions#",
    "MPReg": "http://ns.microsoft.com/photo/1.2/t/Region#",
    "GCamera": "http://ns.google.com/photos/1.0/camera/",
    "Container": "http://ns.google.com/photos/1.0/container/",
    "Item": "http://ns.google.com/photos/1.0/container/item/",
    "GDepth": "http://ns.google.com/photos/1.0/depthmap/",
    "hdrgm": "http://ns.adobe.com/hdr-gain-map/1.0/",
    "xmpNote": "http://ns.adobe.com/xmp/note/",
}
WIDTH, HEIGHT = 40, 30  # as stored
LEFT, TOP, WIDE, HIGH = 8, 3, 6, 4  # the marked part


def fields(form: str, **values: object) -> tuple[str, str]:
    """Properties as (attributes, elements), of which one is empty; `__` stands for a colon."""
    pairs = [(name.replace("__", ":").replace("mwg_rs", "mwg-rs"), v) for name, v in values.items()]
    if form == "attributes":
        return "".join(f' {name}="{value}"' for name, value in pairs), ""
    return "", "".join(f"<{name}>{value}</{name}>" for name, value in pairs)


def struct(name: str, form: str, inner: str = "", **values: object) -> str:
    attributes, elements = fields(form, **values)
    if form == "attributes" and not inner:
        return f"<{name}{attributes}/>"
    if form == "attributes":
        return f"<{name}><rdf:Description{attributes}>{inner}</rdf:Description></{name}>"
    return f'<{name} rdf:parseType="Resource">{elements}{inner}</{name}>'


def packet(attributes: str, elements: str) -> bytes:
    spaces = "".join(f' xmlns:{name}="{uri}"' for name, uri in SPACES.items())
    return (
        f'<x:xmpmeta xmlns:x="adobe:ns:meta/"{spaces}><rdf:RDF>'
        f'<rdf:Description rdf:about="" xmp:Rating="4"{attributes}>{elements}'
        '<dc:title><rdf:Alt><rdf:li xml:lang="x-default">Zoë</rdf:li></rdf:Alt></dc:title>'
        "</rdf:Description></rdf:RDF></x:xmpmeta>"
    ).encode()


def speaking(form: str) -> bytes:
    """XMP that says in every way where the marked part is."""
    centre = ((LEFT + WIDE / 2) / WIDTH, (TOP + HIGH / 2) / HEIGHT)
    area = struct(
        "mwg-rs:Area",
        form,
        stArea__x=centre[0],
        stArea__y=centre[1],
        stArea__w=WIDE / WIDTH,
        stArea__h=HIGH / HEIGHT,
        stArea__unit="normalized",
    )
    rectangle = ", ".join(map(str, (LEFT / WIDTH, TOP / HEIGHT, WIDE / WIDTH, HIGH / HEIGHT)))
    attributes, elements = fields(
        form,
        exif__FocalPlaneXResolution="3000/2",
        exif__FocalPlaneYResolution="2000/1",
        tiff__XResolution="300/1",
        tiff__YResolution="150/1",
        GPano__FullPanoWidthPixels=WIDTH * 2,
        GPano__FullPanoHeightPixels=HEIGHT * 2,
        GPano__CroppedAreaImageWidthPixels=WIDTH,
        GPano__CroppedAreaImageHeightPixels=HEIGHT,
        GPano__CroppedAreaLeftPixels=7,
        GPano__CroppedAreaTopPixels=5,
        MPReg__Rectangle=rectangle,
    )
    dimensions = struct(
        "mwg-rs:AppliedToDimensions", form, stDim__w=WIDTH, stDim__h=HEIGHT, stDim__unit="pixel"
    )
    regions = f"<mwg-rs:Regions rdf:parseType='Resource'>{dimensions}<mwg-rs:RegionList><rdf:Bag>"
    regions += f"<rdf:li rdf:parseType='Resource'>{area}</rdf:li></rdf:Bag>"
    regions += "</mwg-rs:RegionList></mwg-rs:Regions>"
    subject = (LEFT + WIDE // 2, TOP + HIGH // 2, WIDE, HIGH)
    items = "".join(f"<rdf:li>{number}</rdf:li>" for number in subject)
    regions += f"<exif:SubjectArea><rdf:Seq>{items}</rdf:Seq></exif:SubjectArea>"
    return packet(attributes, elements + regions)


def read(xmp: bytes) -> dict[str, Any]:
    """Every property by its local name, found by another parser."""
    found: dict[str, Any] = {}
    for element in ElementTree.fromstring(xmp).iter():
        for name, value in ((element.tag, element.text), *element.attrib.items()):
            if value and value.strip():
                found.setdefault(name.rpartition("}")[2], value)
    area = ElementTree.fromstring(xmp).find(f".//{{{SPACES['exif']}}}SubjectArea")
    assert area is not None
    found["SubjectArea"] = [float(item.text or "") for item in area.iter(f"{{{RDF}}}li")]
    return found


def exif(orientation: int) -> bytes:
    tags = Image.Exif()
    tags[0x0112] = orientation
    return tags.tobytes()


def enlarged(picture: Picture, scale: int) -> Picture:
    return replace(picture, samples=picture.samples.repeat(scale, 0).repeat(scale, 1))


@pytest.mark.parametrize("form", ["attributes", "elements"])
@pytest.mark.parametrize("scale", [1, 2, 4])
@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("source", ["JPEG", "TIFF"])
def test_places_are_those_of_the_result(
    tmp_path: Path, source: str, orientation: int, scale: int, form: str
) -> None:
    pixels = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
    pixels[TOP : TOP + HIGH, LEFT : LEFT + WIDE] = 255
    stream = io.BytesIO()
    if source == "TIFF":
        tags = Image.Exif()
        tags.load(exif(orientation))
        tags[700] = speaking(form)
        Image.fromarray(pixels).save(stream, "TIFF", exif=tags, dpi=(300, 150))
    else:
        Image.fromarray(pixels).save(
            stream, "JPEG", exif=exif(orientation), xmp=speaking(form), quality=95, dpi=(300, 150)
        )
    picture = decode(io.BytesIO(stream.getvalue()))
    assert isinstance(picture, Picture)
    assert picture.notes == ()
    save(enlarged(picture, scale), tmp_path / "a.png")
    with Image.open(tmp_path / "a.png") as image:
        found, marked = read(image.info["xmp"]), np.asarray(image.convert("L")) > 128
        turned = orientation >= 5
        assert image.info["dpi"] == pytest.approx((150, 300) if turned else (300, 150), rel=1e-3)
        width, height = image.size
    rows, columns = np.where(marked.any(axis=1))[0], np.where(marked.any(axis=0))[0]
    left, top = columns[0], rows[0]
    wide, high = columns[-1] + 1 - left, rows[-1] + 1 - top
    centre = (left + wide / 2, top + high / 2)
    area = [float(found[name]) for name in "xywh"]  # of stArea, and of stDim what comes first
    assert area[:2] == pytest.approx([centre[0] / width, centre[1] / height], abs=1e-5)
    assert found["unit"]
    box = [float(part) for part in found["Rectangle"].split(",")]
    assert box == pytest.approx([left / width, top / height, wide / width, high / height], abs=1e-5)
    assert found["SubjectArea"] == pytest.approx([*centre, wide, high], abs=0.51)
    focal = [
        float(a) / float(b)
        for a, b in (found[f"FocalPlane{axis}Resolution"].split("/") for axis in "XY")
    ]
    assert focal == pytest.approx([v * scale for v in ((2000, 1500) if turned else (1500, 2000))])
    assert found["XResolution"] == ("150/1" if turned else "300/1")
    size = [int(found[f"FullPano{name}Pixels"]) for name in ("Width", "Height")]
    assert size == [2 * width, 2 * height]
    crop = [
        int(found[f"CroppedArea{n}Pixels"]) for n in ("Left", "Top", "ImageWidth", "ImageHeight")
    ]
    right, low = WIDTH - 7, HEIGHT - 5  # what is left of the whole behind the part
    expected = {
        1: (7, 5), 2: (right, 5), 3: (right, low), 4: (7, low),
        5: (5, 7), 6: (low, 7), 7: (low, right), 8: (5, right),
    }[orientation]  # fmt: skip
    assert crop == [expected[0] * scale, expected[1] * scale, width, height]
    assert found["Rating"] == "4"


@pytest.mark.parametrize("form", ["attributes", "elements"])
def test_sizes_of_regions(form: str) -> None:
    change = Change(stored=Stored(width=WIDTH, height=HEIGHT, orientation=6), width=60, height=80)
    root = ElementTree.fromstring(for_change(speaking(form), change))

    def numbers(element: str, *names: str) -> list[float]:
        found = root.find(f".//{{{SPACES['mwg-rs']}}}{element}")
        assert found is not None
        inner = {e.tag.rpartition("}")[2]: e.text for e in found}
        inner |= {name.rpartition("}")[2]: value for name, value in found.attrib.items()}
        return [float(inner[name] or "") for name in names]

    assert numbers("AppliedToDimensions", "w", "h") == [60, 80]
    assert numbers("Area", "w", "h") == pytest.approx([HIGH / HEIGHT, WIDE / WIDTH], abs=1e-5)


def test_nothing_changes_nothing() -> None:
    source = speaking("attributes")
    same = Change(stored=Stored(width=WIDTH, height=HEIGHT), width=WIDTH, height=HEIGHT)
    assert for_change(source, same) == source
    odd = packet(' exif:FocalPlaneXResolution="a" exif:FocalPlaneYResolution="1/0"', "")
    other = Change(stored=Stored(width=WIDTH, height=HEIGHT, orientation=5), width=9, height=7)
    assert for_change(odd, other) == odd


def test_regions_in_pixels() -> None:
    area = struct("mwg-rs:Area", "attributes", stArea__x=10, stArea__y=20, stArea__unit="pixel")
    change = Change(stored=Stored(width=40, height=30, orientation=8), width=60, height=80)
    assert b'stArea:x="40" stArea:y="60"' in for_change(packet("", area), change)


LOST = {
    "video": (
        {"GCamera__MicroVideo": 1, "GCamera__MicroVideoOffset": 5024, "GCamera__MotionPhoto": 1},
        "its video was left out",
        ["MicroVideo", "MotionPhoto"],
    ),
    "gain map": ({"hdrgm__Version": "1.0"}, "its HDR gain map was left out", ["hdrgm"]),
    "extended": (
        {"xmpNote__HasExtendedXMP": "0123456789ABCDEF0123456789ABCDEF"},
        "its extended XMP was left out",
        ["HasExtendedXMP"],
    ),
    "depth": (
        {"GDepth__Format": "RangeInverse", "GDepth__Near": 1},
        "its depth map was left out",
        ["GDepth"],
    ),
}


class TestLostParts:
    @pytest.mark.parametrize("form", ["attributes", "elements"])
    @pytest.mark.parametrize("kind", LOST)
    @pytest.mark.parametrize("format", sorted(FORMATS))
    def test_are_not_spoken_of(self, tmp_path: Path, kind: str, form: str, format: str) -> None:
        values, note, names = LOST[kind]
        xmp = packet(*fields(form, **values))
        stream = io.BytesIO()
        Image.new("RGB", (9, 7)).save(stream, "JPEG", xmp=xmp)
        assert note in facts(io.BytesIO(stream.getvalue())).notes
        picture = decode(io.BytesIO(stream.getvalue()))
        assert isinstance(picture, Picture)
        assert picture.notes == (note,)
        save(picture, tmp_path / f"a.{format}", SaveOptions())
        with Image.open(tmp_path / f"a.{format}") as image:
            kept = image.info["xmp"]
        assert not [name for name in names if name.encode() in kept]
        root = ElementTree.fromstring(kept)
        (description,) = root.iter(f"{{{RDF}}}Description")
        assert description.get(f"{{{SPACES['xmp']}}}Rating") == "4"
        assert "Zoë" in "".join(root.itertext())

    @pytest.mark.parametrize(
        ("semantic", "mime", "note"),
        [
            ("GainMap", "image/jpeg", "its HDR gain map was left out"),
            ("MotionPhoto", "video/mp4", "its video was left out"),
            ("Depth", "image/jpeg", "its depth map was left out"),
            ("Original", "image/jpeg", "its attached data was left out"),
        ],
    )
    def test_containers(self, semantic: str, mime: str, note: str) -> None:
        item = '<Container:Item Item:Semantic="{}" Item:Mime="{}"/>'
        item = f'<rdf:li rdf:parseType="Resource">{item}</rdf:li>'
        items = item.format("Primary", "image/jpeg") + item.format(semantic, mime)
        directory = f"<Container:Directory><rdf:Seq>{items}</rdf:Seq></Container:Directory>"
        kept, notes = without_lost_parts(packet("", directory))
        assert notes == (note,)
        assert b"Container" not in kept
        assert b"Item" not in kept
        ElementTree.fromstring(kept)

    def test_depth_within_the_packet_stays(self) -> None:
        xmp = packet(' GDepth:Format="RangeInverse" GDepth:Data="AAAA"', "")
        assert without_lost_parts(xmp) == (xmp, ())

    def test_others_of_the_camera_stay(self) -> None:
        kept, _ = without_lost_parts(packet(' GCamera:MotionPhoto="1" GCamera:Other="2"', ""))
        assert b'GCamera:Other="2"' in kept
        ElementTree.fromstring(kept)


@pytest.mark.parametrize("coding", ["utf-8", "utf-8-sig", "utf-16"])
def test_codings(coding: str) -> None:
    xmp = packet(' tiff:Orientation="6"', "").decode().encode(coding)
    change = Change(stored=Stored(width=4, height=3, orientation=6), width=3, height=4)
    changed = for_change(xmp, change)
    assert b'tiff:Orientation="1"' in changed
    assert "Zoë".encode() in changed
    ElementTree.fromstring(changed)


def test_texts_are_escaped() -> None:
    tree = Packet(b"<a b='1'><c>2 &amp; 3</c></a>")
    for element in tree.root.walk():
        for value in element.values():
            tree.replace(value, f"<{value.text}'\">")
    root = ElementTree.fromstring(tree.to_bytes())
    assert root.get("b") == "<1'\">"
    assert [child.text for child in root] == ["<2 & 3'\">"]


def test_thumbnails_of_the_input_are_left_out() -> None:
    inner = "".join(
        f"<xmpGImg:{name}>{text}</xmpGImg:{name}>"
        for name, text in (("width", "160"), ("height", "120"), ("image", "/9j/4AAQ"))
    )
    shown = (
        '<xmp:Thumbnails xmlns:xmpGImg="http://ns.adobe.com/xap/1.0/g/img/"><rdf:Alt>'
        f'<rdf:li rdf:parseType="Resource">{inner}<tiff:ImageWidth>9</tiff:ImageWidth></rdf:li>'
        "</rdf:Alt></xmp:Thumbnails>"
    )
    stored = Stored(width=WIDTH, height=HEIGHT)
    change = Change(stored=stored, width=2 * WIDTH, height=2 * HEIGHT)
    size = "<tiff:ImageWidth>40</tiff:ImageWidth>"
    found = for_change(packet("", shown + size), change)
    ElementTree.fromstring(found)
    assert found == packet("", size.replace("40", "80"))


@pytest.mark.parametrize("number", ["1e999", "inf", "-inf", "nan", "1e308"])
def test_what_is_no_number_of_pixels_stays_and_the_rest_is_brought_along(number: str) -> None:
    source = f"""<x:a xmlns:x="adobe:ns:meta/" xmlns:t="http://ns.adobe.com/tiff/1.0/"
 xmlns:e="http://ns.adobe.com/exif/1.0/" xmlns:p="http://ns.google.com/photos/1.0/panorama/"
 xmlns:r="http://www.w3.org/1999/02/22-rdf-syntax-ns#"
 t:Orientation="6" e:FocalPlaneXResolution="{number}/1" e:FocalPlaneYResolution="{number}/1"
 p:FullPanoWidthPixels="{number}" p:FullPanoHeightPixels="{number}"
 p:CroppedAreaImageWidthPixels="{number}" p:CroppedAreaImageHeightPixels="{number}">
<e:SubjectArea><r:Seq><r:li>{number}</r:li><r:li>{number}</r:li></r:Seq></e:SubjectArea></x:a>"""
    change = Change(stored=Stored(width=40, height=60, orientation=6), width=120, height=80)
    result = for_change(source.encode(), change).decode()
    assert result == source.replace('Orientation="6"', 'Orientation="1"')
