"""Regions of IPTC and ACDSee, held against a painted picture that Pillow turns and resizes."""

import re
from itertools import pairwise

import numpy as np
import pytest
from PIL import Image, ImageOps

from jcarsr.image.geometry import Change, Stored
from jcarsr.image.metadata.xmp import for_change

WIDTH, HEIGHT, SCALE = 40, 24, 3
BOX = (5, 4, 12, 6)  # left, top, width, height of what is painted
SPACES = {
    "Iptc4xmpExt": "http://iptc.org/std/Iptc4xmpExt/2008-02-29/",
    "acdsee-stArea": "http://ns.acdsee.com/sType/Area#",
    "acdsee-stDim": "http://ns.acdsee.com/sType/Dimensions#",
    "acdsee-rs": "http://ns.acdsee.com/regions/",
}


def packet(body: str) -> bytes:
    spaces = "".join(f' xmlns:{prefix}="{uri}"' for prefix, uri in SPACES.items())
    return (
        '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF '
        'xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
        f'<rdf:Description rdf:about=""{spaces}>{body}</rdf:Description></rdf:RDF></x:xmpmeta>'
    ).encode()


def painted(orientation: int) -> tuple[Change, tuple[int, int, int, int]]:
    """The change to the upright, enlarged picture, and the painted box there."""
    pixels = np.zeros((HEIGHT, WIDTH), np.uint8)
    left, top, width, height = BOX
    pixels[top : top + height, left : left + width] = 255
    image = Image.fromarray(pixels)
    image.getexif()[0x0112] = orientation
    image.info["exif"] = image.getexif().tobytes()
    upright = ImageOps.exif_transpose(image)
    upright = upright.resize((SCALE * upright.width, SCALE * upright.height), 0)
    box = upright.getbbox()
    assert box is not None
    stored = Stored(width=WIDTH, height=HEIGHT, orientation=orientation)
    change = Change(stored=stored, width=upright.width, height=upright.height)
    return change, (box[0], box[1], box[2] - box[0], box[3] - box[1])


def values(xmp: bytes, *names: str) -> list[float]:
    text = xmp.decode()
    return [float(m) for n in names for m in re.findall(rf'[:]{n}[=>]"?([\d.]+)', text)]


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("unit", ["pixel", "relative"])
def test_rectangle_stays_on_what_it_was_drawn_round(orientation: int, unit: str) -> None:
    change, (left, top, width, height) = painted(orientation)
    parts = (WIDTH, HEIGHT) * 2 if unit == "relative" else (1, 1, 1, 1)
    x, y, w, h = (number / part for number, part in zip(BOX, parts, strict=True))
    boundary = (
        f'<Iptc4xmpExt:RegionBoundary Iptc4xmpExt:rbShape="rectangle" Iptc4xmpExt:rbUnit="{unit}"'
        f' Iptc4xmpExt:rbX="{x}" Iptc4xmpExt:rbY="{y}"'
        f' Iptc4xmpExt:rbW="{w}" Iptc4xmpExt:rbH="{h}"/>'
    )
    found = values(for_change(packet(boundary), change), "rbX", "rbY", "rbW", "rbH")
    parts = (change.width, change.height) * 2 if unit == "relative" else (1, 1, 1, 1)
    expected = [n / p for n, p in zip((left, top, width, height), parts, strict=True)]
    assert found == pytest.approx(expected, abs=1e-5)


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("unit", ["pixel", "relative"])
def test_circle_keeps_its_centre_and_its_radius(orientation: int, unit: str) -> None:
    """The circle has the box's centre, and 3 pixels as radius: a part of the width if relative."""
    change, (left, top, width, height) = painted(orientation)
    across, down = (WIDTH, HEIGHT) if unit == "relative" else (1, 1)
    x, y = (BOX[0] + BOX[2] / 2) / across, (BOX[1] + BOX[3] / 2) / down
    boundary = (
        "<Iptc4xmpExt:RegionBoundary><rdf:Description>"
        f"<Iptc4xmpExt:rbUnit>{unit}</Iptc4xmpExt:rbUnit>"
        f"<Iptc4xmpExt:rbX>{x}</Iptc4xmpExt:rbX><Iptc4xmpExt:rbY>{y}</Iptc4xmpExt:rbY>"
        f"<Iptc4xmpExt:rbRx>{3 / across}</Iptc4xmpExt:rbRx>"
        "</rdf:Description></Iptc4xmpExt:RegionBoundary>"
    )
    found = values(for_change(packet(boundary), change), "rbX", "rbY", "rbRx")
    across, down = (change.width, change.height) if unit == "relative" else (1, 1)
    centre = [(left + width / 2) / across, (top + height / 2) / down]
    assert found == pytest.approx([*centre, 3 * SCALE / across], abs=1e-5)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_polygon_keeps_its_corners(orientation: int) -> None:
    change, (left, top, width, height) = painted(orientation)
    x, y, w, h = BOX
    corners = [(x, y), (x + w, y), (x + w, y + h), (x, y + h)]
    items = "".join(
        f'<rdf:li Iptc4xmpExt:rbX="{a / WIDTH}" Iptc4xmpExt:rbY="{b / HEIGHT}"/>'
        for a, b in corners
    )
    boundary = (
        '<Iptc4xmpExt:RegionBoundary rdf:parseType="Resource">'
        "<Iptc4xmpExt:rbUnit>relative</Iptc4xmpExt:rbUnit>"
        f"<Iptc4xmpExt:rbVertices><rdf:Seq>{items}</rdf:Seq></Iptc4xmpExt:rbVertices>"
        "</Iptc4xmpExt:RegionBoundary>"
    )
    changed = for_change(packet(boundary), change)
    found = list(zip(values(changed, "rbX"), values(changed, "rbY"), strict=True))
    whole = {(round(a * change.width), round(b * change.height)) for a, b in found}
    assert whole == {(a, b) for a in (left, left + width) for b in (top, top + height)}
    assert all(a[0] == b[0] or a[1] == b[1] for a, b in pairwise(found))  # still in their order


@pytest.mark.parametrize("orientation", range(1, 9))
def test_areas_of_acdsee_are_by_their_centres(orientation: int) -> None:
    change, (left, top, width, height) = painted(orientation)
    x, y, w, h = BOX
    body = (
        f'<acdsee-rs:AppliedToDimensions acdsee-stDim:w="{WIDTH}" acdsee-stDim:h="{HEIGHT}"'
        ' acdsee-stDim:unit="pixel"/>'
        f'<acdsee-rs:DLYArea acdsee-stArea:x="{(x + w / 2) / WIDTH}"'
        f' acdsee-stArea:y="{(y + h / 2) / HEIGHT}"'
        f' acdsee-stArea:w="{w / WIDTH}" acdsee-stArea:h="{h / HEIGHT}"/>'
    )
    changed = for_change(packet(body), change)
    dimensions, area = changed.split(b"DLYArea")
    assert values(dimensions, "w", "h") == [change.width, change.height]
    expected = [
        (left + width / 2) / change.width,
        (top + height / 2) / change.height,
        width / change.width,
        height / change.height,
    ]
    assert values(area, "x", "y", "w", "h") == pytest.approx(expected, abs=1e-5)
