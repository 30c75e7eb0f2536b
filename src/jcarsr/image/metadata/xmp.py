"""XMP that fits the result: sizes and places of the picture, and nothing about what is gone."""

from __future__ import annotations

from collections.abc import Iterable

from jcarsr.image.geometry import Change
from jcarsr.image.metadata.xmp_regions import change_regions, change_size
from jcarsr.image.metadata.xmp_tree import Element, Packet
from jcarsr.image.metadata.xmp_values import Values, numbers, parse_number

_TIFF, _EXIF = "http://ns.adobe.com/tiff/1.0/", "http://ns.adobe.com/exif/1.0/"
_PANORAMA = "http://ns.google.com/photos/1.0/panorama/"
_GOOGLE, _CAMERA = "http://ns.google.com/photos/", "http://ns.google.com/photos/1.0/camera/"
_VIDEO, _GAIN, _DEPTH, _ATTACHED = "video", "HDR gain map", "depth map", "attached data"
_MAKERS = {  # single names that speak of data behind the picture
    ("http://ns.oplus.com/photos/1.0/camera/", "VideoLength"): _VIDEO,
    ("http://ns.oplus.com/photos/1.0/camera/", "OLivePhotoVersion"): _VIDEO,
    ("http://ns.xiaomi.com/photos/1.0/camera/", "XMPMeta"): _ATTACHED,  # offsets and lengths
}
_PARTS = {  # namespaces of which nothing is true without the data behind the picture
    "http://ns.adobe.com/hdr-gain-map/1.0/": _GAIN,
    "http://ns.apple.com/HDRGainMap/1.0/": _GAIN,
    f"{_GOOGLE}1.0/container/": None,
    f"{_GOOGLE}1.0/container/item/": None,
    f"{_GOOGLE}dd/1.0/container/": None,
    f"{_GOOGLE}dd/1.0/item/": None,
    f"{_GOOGLE}dd/1.0/device/": _DEPTH,
}
_BESIDE = {  # namespaces of data that may be in the packet or in extended XMP
    f"{_GOOGLE}1.0/depthmap/": _DEPTH,
    f"{_GOOGLE}1.0/image/": "second picture",
    f"{_GOOGLE}1.0/audio/": "sound",
}
_SEMANTICS = {"MotionPhoto": _VIDEO, "GainMap": _GAIN, "Depth": _DEPTH}
_THUMBNAILS = ("http://ns.adobe.com/xap/1.0/", "Thumbnails")  # of the picture as it was
_EXTENDED = ("http://ns.adobe.com/xmp/note/", "HasExtendedXMP")


def without_lost_parts(xmp: bytes) -> tuple[bytes, tuple[str, ...]]:
    """Return a packet without what it says of data outside of the picture, and a note on each.

    Raises:
        ValueError: it is no XML that can be read.
    """
    packet = Packet(xmp)
    lost: dict[str | None, None] = {}
    elements = list(packet.root.walk())
    names = {value.name for element in elements for value in element.values()}
    gone = _PARTS | {
        namespace: part
        for namespace, part in _BESIDE.items()
        if not {(namespace, "Data"), (namespace, "Image")} & names
    }
    for element in elements:
        if element.name[1] == "Item" or element.name[1] == "li":
            for value in element.values():
                if value.name[1] in ("Semantic", "DataURI", "Mime"):
                    kind = "MotionPhoto" if value.text.startswith("video/") else value.text
                    lost |= {part: None for key, part in _SEMANTICS.items() if key in kind}
        named = [(element.name, (element.start, element.end))]
        named += [(value.name, value.whole) for value in element.attributes]
        for name, whole in named:
            if name[0] in gone:
                lost[gone[name[0]]] = None
            elif name in _MAKERS:
                lost[_MAKERS[name]] = None
            elif name[1].startswith(("MicroVideo", "MotionPhoto")) and name[0] != _EXIF:
                lost[_VIDEO] = None
            elif name == _EXTENDED:
                lost["extended XMP"] = None
            else:
                continue
            packet.remove(whole)
    if not lost:
        return packet.bytes, ()
    if lost.pop(None, True) is None and not lost:
        lost[_ATTACHED] = None
    return _without_declarations(packet.to_bytes()), tuple(_note(part) for part in lost)


def tells_of_lost_data(notes: Iterable[str]) -> bool:
    """Whether notes tell already of data behind a picture, of which its packet speaks."""
    parts = (_VIDEO, _GAIN, _DEPTH, _ATTACHED)
    return not {_note(part) for part in parts}.isdisjoint(notes)


def _note(part: str | None) -> str:
    return f"its {part} was left out"


def _without_declarations(xmp: bytes) -> bytes:
    """Take out the namespaces of lost parts that no name is in any more."""
    packet = Packet(xmp)
    elements = list(packet.root.walk())
    used = {element.name[0] for element in elements}
    used |= {value.name[0] for element in elements for value in element.attributes}
    removable = (_PARTS.keys() | _BESIDE.keys() | {_CAMERA, _EXTENDED[0]}) - used
    for element in elements:
        for declaration in element.declarations:
            if declaration.text in removable:
                packet.remove(declaration.whole)
    return packet.to_bytes()


def for_change(xmp: bytes, change: Change) -> bytes:
    """Return a packet whose sizes, places and orientation are those of the result.

    Thumbnails are left out, which show the input.

    Raises:
        ValueError: it is no XML that can be read.
    """
    packet = Packet(_without_thumbnails(xmp))
    for element in packet.root.walk():
        values = {value.name: value for value in element.values()}
        _set_sizes(packet, values, change)
        _exchange(packet, values, change)
        _change_panorama(packet, values, change)
        _change_subject(packet, element, change)
        change_regions(packet, element, values, change)
    return packet.to_bytes()


def _without_thumbnails(xmp: bytes) -> bytes:
    packet = Packet(xmp)
    for element in packet.root.walk():
        for child in element.children:
            if child.name == _THUMBNAILS and element.name != _THUMBNAILS:
                packet.remove((child.start, child.end))
    return packet.to_bytes()


def _set_sizes(packet: Packet, values: Values, change: Change) -> None:
    for name, number in {
        (_TIFF, "Orientation"): 1,
        (_TIFF, "ImageWidth"): change.width,
        (_TIFF, "ImageLength"): change.height,
        (_EXIF, "PixelXDimension"): change.width,
        (_EXIF, "PixelYDimension"): change.height,
    }.items():
        if name in values and values[name].text.isdecimal():
            packet.replace(values[name], str(number))


def _exchange(packet: Packet, values: Values, change: Change) -> None:
    """Resolutions: of the focal plane they grow, those of print are only turned."""
    for namespace, pattern, grows in (
        (_TIFF, "{}Resolution", False),
        (_EXIF, "FocalPlane{}Resolution", True),
    ):
        pair = [values.get((namespace, pattern.format(axis))) for axis in "XY"]
        x, y = pair
        if x is None or y is None:
            continue
        texts = (y.text, x.text) if change.stored.turned else (x.text, y.text)
        if grows:
            factors = (change.across, change.down)
            grown = [_scale_rational(text, by) for text, by in zip(texts, factors, strict=True)]
            if grown[0] is None or grown[1] is None:
                continue
            texts = (grown[0], grown[1])
        packet.replace(x, texts[0])
        packet.replace(y, texts[1])


def _scale_rational(rational: str, factor: float) -> str | None:
    numerator, _, denominator = rational.partition("/")
    if factor == 1:
        return rational
    try:
        value = parse_number(numerator) / parse_number(denominator or "1") * factor
        return f"{round(value * 1000)}/1000"
    except (ValueError, ZeroDivisionError, OverflowError):
        return None


def _change_panorama(packet: Packet, values: Values, change: Change) -> None:
    full = numbers(values, _PANORAMA, ("FullPanoWidthPixels", "FullPanoHeightPixels"))
    places = [f"CroppedArea{side}Pixels" for side in ("Left", "Top")]
    sizes = [f"CroppedAreaImage{side}Pixels" for side in ("Width", "Height")]
    cropped = numbers(values, _PANORAMA, [*places, *sizes])
    if not cropped or not full:  # without one of them, places cannot be turned
        if (size := numbers(values, _PANORAMA, sizes)) is not None:
            change_size(packet, size, change)
        if cropped and change.stored.orientation == 1:
            change_size(packet, cropped[:2], change)
    inner = [f"LargestValidInteriorRect{part}" for part in ("Left", "Top", "Width", "Height")]
    valid = numbers(values, _PANORAMA, inner)
    factors = (change.across, change.down)
    for box, within in ((cropped, full), (valid, cropped and cropped[2:])):
        if box and within and min(within[0].number, within[1].number) > 0:
            before = (box[0].number, box[1].number, box[2].number, box[3].number)
            turned = change.box(before, (within[0].number, within[1].number))
            for item, number, factor in zip(box, turned, factors * 2, strict=True):
                packet.replace(item.value, str(round(number * factor)))
    if full:
        change_size(packet, full, change)


def _change_subject(packet: Packet, element: Element, change: Change) -> None:
    if element.name not in ((_EXIF, "SubjectArea"), (_EXIF, "SubjectLocation")):
        return
    items = element.items()
    try:
        new = subject([parse_number(item.text) for item in items], change)
    except ValueError:
        return
    for item, number in zip(items, new, strict=True):
        packet.replace(item, str(number))


def subject(numbers: list[float], change: Change) -> list[int]:
    """Return EXIF's SubjectArea or SubjectLocation for the result.

    Args:
        numbers: in pixels: a point, a circle (point, diameter) or a rectangle (centre, width,
            height).
        change: from the stored picture.

    Raises:
        ValueError: not as many numbers.
    """
    if len(numbers) not in (2, 3, 4):
        raise ValueError("neither point, circle nor rectangle")
    new = [*change.pixel(numbers[0], numbers[1])]
    if len(numbers) == 3:
        new.append(numbers[2] * (change.across + change.down) / 2)
    elif len(numbers) == 4:
        new += change.size(numbers[2], numbers[3])
    return [max(round(number), 0) for number in new]
