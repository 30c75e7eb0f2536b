"""EXIF data of inputs and results, tag by tag, by a parser of this test's own."""

import io
import struct
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from jcarsr.image import FORMATS, Metadata, Picture, decode, save
from jcarsr.image.metadata.exif import MAIN, parse_exif
from jcarsr.image.metadata.ifd import CAMERA, LONG, RATIONAL
from jcarsr.pixels import Pixels

SIZES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8}
POINTERS = {0x8769: "camera", 0x8825: "gps", 0xA005: "interop"}
AREA, LOCATION, FOCAL_X, FOCAL_Y = 0x9214, 0xA214, 0xA20E, 0xA20F
MAKER_NOTE = 0x927C
OURS = {0x0112, 0xA002, 0xA003}  # orientation, width and height
PIXELS = {*range(254, 288), 296, 301, 317, 338, 339, 529, 531, 532}  # of a TIFF's own
TEXTS = ["IMG:PowerShot A70 JPEG", "Firmware Version 1.00", "Camera Owner."]

Tags = dict[tuple[str, int], tuple[int, int, bytes]]


def parsed(tiff: bytes) -> Tags:
    """(group, tag) -> (type, count, bytes); pointers to groups left out."""
    order = {b"II": "<", b"MM": ">"}[tiff[:2]]
    found: Tags = {}
    waiting = [("main", struct.unpack_from(f"{order}I", tiff, 4)[0])]
    while waiting:
        group, place = waiting.pop()
        (count,) = struct.unpack_from(f"{order}H", tiff, place)
        last = -1
        for index in range(count):
            at = place + 2 + 12 * index
            tag, kind, number = struct.unpack_from(f"{order}HHI", tiff, at)
            assert tag > last, "not in ascending order"
            last = tag
            size = number * SIZES[kind]
            start = at + 8 if size <= 4 else struct.unpack_from(f"{order}I", tiff, at + 8)[0]
            assert start + size <= len(tiff)
            if tag in POINTERS:
                waiting.append((POINTERS[tag], struct.unpack_from(f"{order}I", tiff, at + 8)[0]))
            else:
                found[group, tag] = kind, number, tiff[start : start + size]
        (following,) = struct.unpack_from(f"{order}I", tiff, place + 2 + 12 * count)
        assert following == 0 or group == "main"
    return found


def structure(order: str, *, canon: bool = True) -> bytes:
    """EXIF data with every type, all groups, a thumbnail and a note that points into the whole."""
    data = bytearray((b"II*\0" if order == "<" else b"MM\0*") + bytes(4))

    def blob(content: bytes) -> int:
        data.extend(bytes(len(data) % 2))
        data.extend(content)
        return len(data) - len(content)

    def directory(entries: list[tuple[int, int, bytes]], following: int = 0) -> int:
        content = struct.pack(f"{order}H", len(entries))
        for tag, kind, value in sorted(entries):
            content += struct.pack(f"{order}HHI", tag, kind, len(value) // SIZES[kind])
            content += (
                value.ljust(4, b"\0") if len(value) <= 4 else struct.pack(f"{order}I", blob(value))
            )
        return blob(content + struct.pack(f"{order}I", following))

    def pack(letters: str, *values: int) -> bytes:
        return struct.pack(order + letters, *values)

    comment = "Käse".encode("utf-16-le" if order == "<" else "utf-16-be")
    note = b"AnyMaker" * 4
    if canon:
        entries = [
            (tag, text.encode().ljust(32, b"\0"))
            for tag, text in zip((6, 7, 9), TEXTS, strict=True)
        ]
        start = len(data) + len(data) % 2
        note = pack("H", 3)
        places = start + 2 + 36 + 4
        for index, (tag, value) in enumerate(entries):
            note += pack("HHII", tag, 2, len(value), places + 32 * index)
        note += pack("I", 0) + b"".join(value for _, value in entries)
        assert blob(note) == start
    related = [(tag, 4, pack("I", side)) for tag, side in ((0x1001, 12), (0x1002, 8))]
    interop = directory([(1, 2, b"R98\0"), (2, 7, b"0100"), *related])
    gps = directory(
        [
            (0, 1, b"\2\3\0\0"),
            (1, 2, b"N\0"),
            (2, 5, pack("6I", 48, 1, 8, 1, 366, 25)),
            (5, 1, b"\0"),
        ]
    )
    camera_entries = [
        (0x829A, 5, pack("2I", 1, 125)),
        (0x8827, 3, pack("H", 400)),
        (0x9000, 7, b"0232"),
        (0x9101, 7, b"\1\2\3\0"),
        (0x9204, 10, pack("2i", -1, 3)),
        (AREA, 3, pack("4H", 6, 4, 4, 2)),
        (MAKER_NOTE, 7, note),
        (0x9286, 7, b"UNICODE\0" + comment),
        (FOCAL_X, 5, pack("2I", 3000, 1)),
        (FOCAL_Y, 5, pack("2I", 2000, 1)),
        (LOCATION, 3, pack("2H", 6, 4)),
        (0xA005, 4, pack("I", interop)),
        (0xA302, 7, b"\0\2\0\2\0\1\1\2"),
        (0xA500, 11, struct.pack(order + "f", 2.2)),
        (0xFDE8, 2, "grün".encode() + b"\0"),
    ]
    camera = directory(camera_entries)
    if canon:  # the entry is made to point to where the note was put
        raw = bytes(data)
        at = raw.index(pack("HHI", MAKER_NOTE, 7, len(note)))
        struct.pack_into(f"{order}I", data, at + 8, start)
    thumbnail = blob(b"THUMB" * 9)
    second = directory([(0x201, 4, pack("I", thumbnail)), (0x202, 4, pack("I", 45))])
    main = directory(
        [
            (0x010F, 2, b"Canon\0"),
            (0x0110, 2, "Zoë\0".encode()),
            (0x0112, 3, pack("H", 6)),
            (0x011A, 5, pack("2I", 300, 1)),
            (0x011B, 5, pack("2I", 150, 1)),
            (0x0128, 3, pack("H", 2)),
            (0x8769, 4, pack("I", camera)),
            (0x8825, 4, pack("I", gps)),
            (0x9C9B, 1, "Über".encode("utf-16-le")),
            (0xC4A5, 7, b"PrintIM\0" * 2),
        ],
        second,
    )
    struct.pack_into(f"{order}I", data, 4, main)
    return bytes(data)


def stored(path: Path) -> bytes:
    """The structure that a file holds; a TIFF is one."""
    if path.suffix == ".tiff":
        return path.read_bytes()
    with Image.open(path) as image:
        image.load()
        return image.info["exif"].removeprefix(b"Exif\0\0")


def read(photo: Pixels, exif: bytes, format: str = "JPEG") -> Picture:
    stream = io.BytesIO()
    Image.fromarray(photo[:8, :12]).save(stream, format, exif=b"Exif\0\0" + exif, dpi=(300, 150))
    picture = decode(io.BytesIO(stream.getvalue()))
    assert isinstance(picture, Picture)
    return picture


def doubled(picture: Picture) -> Picture:
    return replace(picture, samples=picture.samples.repeat(2, 0).repeat(2, 1))


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("format", sorted(FORMATS))
@pytest.mark.parametrize("depth", [8, 16])
def test_types_bytes_and_order_stay(
    tmp_path: Path, photo: Pixels, format: str, order: str, depth: int
) -> None:
    exif = structure(order)
    picture = read(photo, exif)
    assert picture.notes == ()
    if depth == 16:
        picture = replace(picture, samples=picture.samples.astype(np.uint16) * 257)
    path = tmp_path / f"a.{format}"
    assert save(doubled(picture), path) == ()
    result = stored(path)
    assert result[:2] == exif[:2]
    assert b"THUMB" not in result
    before, after = parsed(exif), parsed(result)
    ours = OURS | {AREA, LOCATION, FOCAL_X, FOCAL_Y, 0x011A, 0x011B, 0x1001, 0x1002}
    ours |= PIXELS if format == "tiff" else set()
    kept = {key: value for key, value in before.items() if key[1] not in ours}
    assert len(kept) > 15
    assert {key: value for key, value in after.items() if key[1] not in ours} == kept
    width, height = ((after["camera", tag][2]) for tag in (0xA002, 0xA003))
    assert [struct.unpack(f"{order}H", value)[0] for value in (width, height)] == [16, 24]
    related = [after["interop", tag][2] for tag in (0x1001, 0x1002)]
    assert [struct.unpack(f"{order}I", value)[0] for value in related] == [16, 24]
    with Image.open(path) as image:
        assert image.size == (16, 24)
        assert image.getexif().get(0x0112, 1) == 1


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("format", sorted(FORMATS))
def test_note_that_points_into_the_whole(
    tmp_path: Path, photo: Pixels, format: str, order: str
) -> None:
    path = tmp_path / f"a.{format}"
    save(doubled(read(photo, structure(order))), path)
    whole = stored(path)
    note = parsed(whole)["camera", MAKER_NOTE][2]
    (count,) = struct.unpack_from(f"{order}H", note)
    texts: list[str] = []
    for at in range(2, 2 + 12 * count, 12):
        _, _, size, place = struct.unpack_from(f"{order}HHII", note, at)
        texts.append(whole[place : place + size].rstrip(b"\0").decode())
    assert texts == TEXTS


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("scale", [1, 2, 4])
def test_places_are_those_of_the_result(
    tmp_path: Path, photo: Pixels, orientation: int, scale: int
) -> None:
    exif = bytearray(structure(">"))
    at = exif.index(struct.pack(">HHIH", 0x0112, 3, 1, 6)) + 8
    struct.pack_into(">H", exif, at, orientation)
    picture = read(np.zeros_like(photo), bytes(exif))
    samples = np.zeros((8, 12, 3), np.uint8)
    samples[3:5, 4:8] = 255  # what SubjectArea says: 4x2 around (6, 4)
    samples = samples.repeat(scale, 0).repeat(scale, 1)
    save(replace(picture, samples=samples), tmp_path / "a.png")
    tags = parsed(stored(tmp_path / "a.png"))

    def numbers(group: str, tag: int, letter: str) -> list[int]:
        _, _, data = tags[group, tag]
        return [value for (value,) in struct.iter_unpack(f">{letter}", data)]

    with Image.open(tmp_path / "a.png") as image:
        marked = np.asarray(image.convert("L")) > 128
    rows, columns = np.where(marked.any(axis=1))[0], np.where(marked.any(axis=0))[0]
    wide, high = len(columns), len(rows)
    centre = [int(columns[0]) + wide // 2, int(rows[0]) + high // 2]
    assert numbers("camera", AREA, "H") == [*centre, wide, high]
    assert numbers("camera", LOCATION, "H") == centre
    focal = [numbers("camera", tag, "I") for tag in (FOCAL_X, FOCAL_Y)]
    expected = (2000, 3000) if orientation >= 5 else (3000, 2000)
    assert [above / below for above, below in focal] == [value * scale for value in expected]
    expected = (150, 300) if orientation >= 5 else (300, 150)
    assert [numbers("main", tag, "I")[0] for tag in (0x011A, 0x011B)] == list(expected)


@pytest.mark.parametrize("format", ["jpg", "png", "tiff"])
@pytest.mark.parametrize(
    ("order", "place", "kept"),
    [("<", 8, True), (">", 30_000, True), ("<", 300_000, False)],
    ids=["near", "farther", "too far"],
)
def test_tiff_as_the_input(tmp_path: Path, format: str, order: str, place: int, kept: bool) -> None:
    """A note keeps its place in the file, or is left out."""
    note = b"AnyMaker" * 4
    data = bytearray((b"II*\0" if order == "<" else b"MM\0*") + bytes(4))
    data += bytes(place - len(data)) + note
    pixels = len(data)
    data += bytes(12)
    camera = len(data)
    tags = [(0x9000, 7, 4, b"0232"), (MAKER_NOTE, 7, len(note), struct.pack(f"{order}I", place))]

    def directory(entries: list[tuple[int, int, int, bytes]]) -> bytes:
        content = b"".join(
            struct.pack(f"{order}HHI", tag, kind, count) + value.ljust(4, b"\0")
            for tag, kind, count, value in entries
        )
        return struct.pack(f"{order}H", len(entries)) + content + bytes(4)

    def number(value: int) -> bytes:
        return struct.pack(f"{order}I", value)

    data += directory(tags)
    main = len(data)
    sizes = {256: 4, 257: 3, 258: 8, 259: 1, 262: 1, 273: pixels, 277: 1, 278: 3, 279: 12}
    entries = [(tag, 4, 1, number(value)) for tag, value in sizes.items()]
    entries.append((0x8769, 4, 1, number(camera)))
    entries.append((0xC4A5, 7, 4, b"Prin"))
    data += directory(sorted(entries))
    struct.pack_into(f"{order}I", data, 4, main)
    picture = decode(io.BytesIO(bytes(data)))
    assert isinstance(picture, Picture)
    save(picture, tmp_path / f"a.{format}")
    result = stored(tmp_path / f"a.{format}")
    found = parsed(result)
    assert result[:2] == data[:2]
    assert found["camera", 0x9000] == (7, 4, b"0232")
    assert found["main", 0xC4A5] == (7, 4, b"Prin")
    if kept:
        assert picture.notes == ()
        assert found["camera", MAKER_NOTE] == (7, len(note), note)
        assert result[place : place + len(note)] == note
    else:
        assert picture.notes == ("its maker note was left out: it points to places in the file",)
        assert ("camera", MAKER_NOTE) not in found


def test_what_grows_is_put_behind() -> None:
    exif = parse_exif(structure(">"))
    exif.set_integers(CAMERA, AREA, [100_000, 2, 3, 4])
    written = exif.to_bytes()
    assert written is not None
    assert parsed(written[6:])["camera", AREA] == (4, 4, struct.pack(">4I", 100_000, 2, 3, 4))
    again = parse_exif(written).to_bytes()
    assert again is not None
    assert parsed(again[6:]) == parsed(written[6:])


def test_damaged_anywhere_is_read_or_refused(photo: Pixels, tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    whole = structure("<")
    read_in_part = 0
    for _ in range(300):
        exif = bytearray(whole)
        for at in random.integers(8, len(exif), size=4):
            exif[at] = random.integers(256)
        try:
            written = parse_exif(bytes(exif)).to_bytes()
        except ValueError:
            continue
        if written is not None:
            read_in_part += 1
            parsed_again = parse_exif(written)
            assert parsed_again.order == "<"
            metadata = Metadata(exif=written)
            save(Picture(photo[:4, :4], metadata=metadata), tmp_path / "a.tiff")
    assert read_in_part > 200


def test_value_that_two_tags_share_changes_for_one_alone() -> None:
    """TIFF lets entries point to the same bytes, and writers use it for equal resolutions."""
    print_x, focal_x = 282, 0xA20E
    tiff = b"II*\0" + struct.pack("<I", 8)
    tiff += struct.pack("<H", 2) + struct.pack("<HHII", print_x, RATIONAL, 1, 56)
    tiff += struct.pack("<HHII", CAMERA, LONG, 1, 38) + bytes(4)
    tiff += struct.pack("<H", 1) + struct.pack("<HHII", focal_x, RATIONAL, 1, 56) + bytes(4)
    tiff += struct.pack("<2I", 72, 1)
    exif = parse_exif(tiff)
    exif.set_rational(MAIN, print_x, 144)
    stored = exif.to_bytes()
    assert stored is not None
    after = parse_exif(stored)
    assert after.numbers(MAIN, print_x) == [144]
    assert after.numbers(CAMERA, focal_x) == [72]
