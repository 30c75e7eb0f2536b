import io
import re
import struct
import xml.etree.ElementTree as ElementTree
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile
from PIL import ExifTags, Image, ImageCms, PngImagePlugin
from PIL.TiffImagePlugin import IFDRational

from jcarsr.image import FORMATS, Metadata, Picture, SaveOptions, decode, save
from jcarsr.image.metadata import XMP_TAG, colour_space, for_result, with_resolution

SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
CAMERA, GPS, INTEROP, THUMBNAIL = (
    int(getattr(ExifTags.IFD, name)) for name in ("Exif", "GPSInfo", "Interop", "IFD1")
)
MAKER, ORIENTATION, COPYRIGHT, UNIT = 0x010F, 0x0112, 0x8298, 0x0128
WIDTH, HEIGHT = 0xA002, 0xA003
XMP = """<x:xmpmeta xmlns:x="adobe:ns:meta/"
 xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:RDF><rdf:Description
 xmlns:tiff="http://ns.adobe.com/tiff/1.0/" xmlns:exif="http://ns.adobe.com/exif/1.0/"
 xmlns:dc="http://purl.org/dc/elements/1.1/" {attributes}>{elements}
 <dc:creator>Zoë</dc:creator></rdf:Description></rdf:RDF></x:xmpmeta>"""
NUMBERS = {
    "tiff:Orientation": (6, 1),
    "tiff:ImageWidth": (3, 80),
    "tiff:ImageLength": (4, 120),
    "exif:PixelXDimension": (5, 80),
    "exif:PixelYDimension": (6, 120),
}


def saved(image: Image.Image, format: str, **options: Any) -> bytes:
    stream = io.BytesIO()
    image.save(stream, format, **options)
    return stream.getvalue()


def still(data: bytes) -> Picture:
    picture = decode(io.BytesIO(data))
    assert isinstance(picture, Picture)
    return picture


def image(width: int = 12, height: int = 10) -> Image.Image:
    return Image.new("RGB", (width, height), "teal")


def xmp(form: str, before: bool = True) -> bytes:
    """XMP with all of NUMBERS, as attributes or as elements."""
    pairs = [(name, values[0 if before else 1]) for name, values in NUMBERS.items()]
    attributes = " ".join(f'{name}="{value}"' for name, value in pairs)
    elements = "".join(f"<{name}>{value}</{name}>" for name, value in pairs)
    chosen = (attributes, "") if form == "attributes" else ("", elements)
    return XMP.format(attributes=chosen[0], elements=chosen[1]).encode()


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


class TestExif:
    @pytest.mark.parametrize("format", ["JPEG", "PNG", "WEBP"])
    @pytest.mark.parametrize("endian", ["<", ">"])
    def test_is_read_whole_but_for_thumbnail_and_orientation(
        self, format: str, endian: str
    ) -> None:
        exif = camera_exif(endian)
        before = loaded(exif)
        assert before["thumbnail"]
        assert before["interop"]
        picture = still(saved(image(), format, exif=exif))
        assert (picture.orientation, picture.notes) == (6, ())
        kept = picture.metadata.exif
        assert kept is not None
        assert b"THUMB" not in kept
        assert kept[6:8] == (b"II" if endian == "<" else b"MM")
        after = loaded(kept)
        del before[""][ORIENTATION]
        assert after == {**before, "thumbnail": {}}

    @pytest.mark.parametrize("format", sorted(FORMATS))
    def test_reaches_every_format(self, tmp_path: Path, format: str) -> None:
        picture = still(saved(image(), "JPEG", exif=camera_exif()))
        save(picture, tmp_path / f"a.{format}")
        with Image.open(tmp_path / f"a.{format}") as opened:
            assert opened.size == (10, 12)  # upright
            found = groups(opened.getexif())
        before = loaded(camera_exif())
        assert found["camera"] == {**before["camera"], WIDTH: 10, HEIGHT: 12}
        for group in ("gps", "interop"):
            assert found[group] == before[group]
        assert found[""][MAKER] == "Maker"
        assert found[""][COPYRIGHT].encode("latin-1").decode() == "© Zoë"
        assert found[""].get(ORIENTATION, 1) == 1
        assert found["thumbnail"] == {}

    def test_text_is_read_by_others(self) -> None:
        exif = still(saved(image(), "PNG", exif=camera_exif())).metadata.exif
        assert exif is not None
        with tifffile.TiffFile(io.BytesIO(exif[6:])) as file:
            tags = file.pages.first.tags
            assert tags[COPYRIGHT].value == "© Zoë"
            assert tags[CAMERA].value["DateTimeOriginal"] == "2020:01:01 00:00:00"
            assert tags[CAMERA].value["ExposureTime"] == (1, 125)
            assert tags[CAMERA].value["ExposureBiasValue"] == (-1, 3)
            assert tags[GPS].value["GPSLatitudeRef"] == "N"

    def test_says_the_size_of_the_result(self) -> None:
        exif = still(saved(image(), "JPEG", exif=camera_exif())).metadata.exif
        result = for_result(Metadata(exif=exif), 80, 120).exif
        assert result is not None
        after, before = loaded(result), loaded(camera_exif())
        assert after["camera"] == {**before["camera"], WIDTH: 80, HEIGHT: 120}

    @pytest.mark.parametrize("format", ["jpg", "png", "webp", "tiff"])
    def test_storage_of_a_tiff_is_not_copied(self, tmp_path: Path, format: str) -> None:
        stream = io.BytesIO()
        pixels = np.zeros((40, 50, 3), np.uint8)
        tifffile.imwrite(
            stream, pixels, photometric="rgb", tile=(16, 16), compression="zlib", predictor=True
        )
        picture = still(stream.getvalue())
        save(picture, tmp_path / f"a.{format}")
        with Image.open(tmp_path / f"a.{format}") as opened:
            opened.load()
            tags = set(opened.getexif())
            np.testing.assert_array_equal(np.asarray(opened), pixels)
        assert not tags & {322, 323, 324, 325}  # tiles
        if format != "tiff":
            assert 317 not in tags  # predictor
            assert not tags & {*range(256, 260), 262, 273, 277, 278, 279, 284}

    def test_words_of_a_tiff_are_copied(self, tmp_path: Path) -> None:
        source = saved(image(), "TIFF", exif=camera_exif())
        save(still(source), tmp_path / "a.jpg")
        with Image.open(tmp_path / "a.jpg") as opened:
            found = groups(opened.getexif())
        assert found[""][MAKER] == "Maker"
        assert found["gps"] == loaded(camera_exif())["gps"]

    @pytest.mark.parametrize("format", ["JPEG", "PNG", "WEBP"])
    @pytest.mark.parametrize(
        "exif",
        [
            b" no such header",
            b"II*\0\x08\0\0\0\xff\xff",  # a number of tags that are not there
            b"II*\0\xff\xff\0\0",  # begins beyond its end
            b"MM\0*\0\0\0\x08\0\1\x87\x69\0\4\0\0\0\1\0\0\0\x08\0\0\0\0",  # its own group
        ],
    )
    @pytest.mark.filterwarnings("ignore:Corrupt EXIF data")
    def test_broken_costs_nothing(self, tmp_path: Path, format: str, exif: bytes) -> None:
        picture = still(saved(image(), format, exif=b"Exif\0\0" + exif))
        assert np.abs(picture.samples.astype(int) - (0, 128, 128)).max() <= 3
        assert picture.orientation == 1
        kept = "left out" if picture.metadata.exif is None else "kept in part"
        assert picture.notes == (f"its EXIF data is broken and was {kept}",)
        save(picture, tmp_path / "a.png")

    @pytest.mark.parametrize("format", ["JPEG", "PNG", "WEBP"])
    @pytest.mark.filterwarnings("ignore:Truncated File Read", "ignore:Corrupt EXIF data")
    def test_what_is_not_broken_is_kept(self, tmp_path: Path, format: str) -> None:
        exif = camera_exif()
        place = exif.index(struct.pack("<HHI", CAMERA, 4, 1)) + 8
        broken = exif[:place] + struct.pack("<I", 60_000) + exif[place + 4 :]
        picture = still(saved(image(), format, exif=broken))
        assert picture.notes == ("its EXIF data is broken and was kept in part",)
        save(picture, tmp_path / "a.png")
        with Image.open(tmp_path / "a.png") as opened:
            found = groups(opened.getexif())
        assert found[""][MAKER] == "Maker"
        assert found["gps"] == loaded(exif)["gps"]
        assert found["camera"] == {WIDTH: 10, HEIGHT: 12}  # the result's, upright

    def test_none_stays_none(self) -> None:
        for format in ("JPEG", "PNG", "WEBP", "BMP"):
            assert still(saved(image(), format)).metadata.exif is None


class TestXmp:
    @pytest.mark.parametrize("form", ["attributes", "elements"])
    def test_numbers_are_mended(self, form: str) -> None:
        result = for_result(Metadata(xmp=xmp(form)), 80, 120).xmp
        assert result == xmp(form, before=False)
        assert xmp(form) != xmp(form, before=False)
        ElementTree.fromstring(result)

    def test_however_they_are_quoted(self) -> None:
        spaces = (
            b'<a xmlns:t="http://ns.adobe.com/tiff/1.0/" xmlns:e="http://ns.adobe.com/exif/1.0/"'
        )
        source = (
            spaces
            + b" t:Orientation = '8' e:PixelXDimension=\"4000\"><t:ImageWidth>8</t:ImageWidth></a>"
        )
        result = for_result(Metadata(xmp=source), 80, 120).xmp
        expected = (
            spaces
            + b" t:Orientation = '1' e:PixelXDimension=\"80\"><t:ImageWidth>80</t:ImageWidth></a>"
        )
        assert result == expected

    @pytest.mark.parametrize(
        "broken",
        [
            b"<a><b></a>",
            b"<a b:c='1'/>",
            b"no XML",
            b"",
            b"\xff\xfe<",
            b'<!DOCTYPE a [<!ENTITY b "bb"><!ENTITY c "&b;&b;">]><a>&c;</a>',
            b'<!DOCTYPE a SYSTEM "http://localhost/a.dtd"><a/>',
            b"<a>" * 300 + b"</a>" * 300,
        ],
    )
    def test_broken_is_left_out(self, broken: bytes) -> None:
        picture = still(saved(image(), "JPEG", xmp=broken))
        if broken:
            assert picture.notes == ("its XMP data is broken and was left out",)
        assert picture.metadata.xmp is None

    def test_other_numbers_stay(self) -> None:
        source = (
            b'<a xmlns:tiff="http://ns.adobe.com/tiff/1.0/" tiff:ImageWidthOf="7" Sizes="8">9</a>'
        )
        assert for_result(Metadata(xmp=source), 80, 120).xmp == source

    @pytest.mark.parametrize("source", ["JPEG", "PNG", "WEBP", "AVIF", "TIFF"])
    @pytest.mark.parametrize("form", ["attributes", "elements"])
    def test_is_read_and_says_the_orientation(self, source: str, form: str) -> None:
        if source == "PNG":
            text = PngImagePlugin.PngInfo()
            text.add_itxt("XML:com.adobe.xmp", xmp(form).decode())
            data = saved(image(), source, pnginfo=text)
        elif source == "TIFF":
            tags = Image.Exif()
            tags[XMP_TAG] = xmp(form)
            data = saved(image(), source, exif=tags)
        else:
            data = saved(image(), source, xmp=xmp(form))
        picture = still(data)
        orientation = rb' ?tiff:Orientation="6"|<tiff:Orientation>6</tiff:Orientation>'
        turned = re.sub(orientation, b"", xmp(form))  # Pillow turns TIFFs and takes it out
        kept = picture.metadata.xmp
        assert kept is not None
        assert kept.split() == (turned if source == "TIFF" else xmp(form)).split()
        assert picture.size == (10, 12)  # upright by the 6 in it

    @pytest.mark.parametrize("format", sorted(FORMATS))
    def test_reaches_every_format(self, tmp_path: Path, format: str) -> None:
        source = image(80, 120)
        picture = still(saved(source, "JPEG", xmp=xmp("attributes").replace(b'"6"', b'"1"', 1)))
        assert picture.orientation == 1
        save(picture, tmp_path / f"a.{format}")
        with Image.open(tmp_path / f"a.{format}") as opened:
            found = opened.info["xmp"]
        assert found == xmp("attributes", before=False)

    @pytest.mark.parametrize("value", [(1, 2, 3), (7,)])
    def test_numbers_where_text_belongs_cost_nothing(self, value: tuple[int, ...]) -> None:
        stream = io.BytesIO()
        pixels = np.zeros((4, 5, 3), np.uint8)
        tag = (XMP_TAG, 4, len(value), value, True)
        tifffile.imwrite(stream, pixels, photometric="rgb", extratags=[tag])
        picture = still(stream.getvalue())
        assert picture.samples.shape == (4, 5, 3)
        assert picture.metadata.xmp is None


class TestResolution:
    @pytest.mark.parametrize("source", ["JPEG", "PNG", "TIFF", "BMP"])
    def test_is_read(self, source: str) -> None:
        dpi = still(saved(image(), source, dpi=(300, 150))).metadata.dpi
        assert dpi == pytest.approx((300, 150), rel=1e-3)

    @pytest.mark.parametrize("source", ["WEBP", "AVIF", "JPEG"])
    @pytest.mark.parametrize(
        ("unit", "dpi"), [(None, (300, 150)), (2, (300, 150)), (3, (762, 381))]
    )
    def test_is_read_from_exif(self, source: str, unit: int | None, dpi: Any) -> None:
        tags = Image.Exif()
        tags.update({0x011A: 300.0, 0x011B: 150.0})
        if unit is not None:
            tags[UNIT] = unit
        assert still(saved(image(), source, exif=tags.tobytes())).metadata.dpi == dpi

    def test_is_not_made_up(self) -> None:
        """Pillow tells of 72 where a JPEG has EXIF data that says nothing of it."""
        assert still(saved(image(), "JPEG", exif=camera_exif())).metadata.dpi is None

    @pytest.mark.parametrize("source", ["JPEG", "TIFF"])
    def test_centimetres(self, source: str) -> None:
        if source == "JPEG":
            data = bytearray(saved(image(), "JPEG", dpi=(100, 100)))
            data[13] = 2  # unit of JFIF
        else:
            tags = {"x_resolution": 100, "y_resolution": 100, "resolution_unit": "cm"}
            data = bytearray(saved(image(), "TIFF", **tags))
        assert still(bytes(data)).metadata.dpi == pytest.approx((254, 254))

    @pytest.mark.parametrize("format", sorted(FORMATS))
    def test_reaches_every_format(self, tmp_path: Path, format: str) -> None:
        save(still(saved(image(), "PNG", dpi=(300, 150))), tmp_path / f"a.{format}")
        with Image.open(tmp_path / f"a.{format}") as opened:
            tags = opened.getexif()
            found = opened.info.get("dpi") or (tags[0x011A], tags[0x011B])
            assert tags.get(UNIT, 2) == 2
        assert tuple(map(float, found)) == pytest.approx((300, 150), rel=1e-4)

    def test_goes_into_exif_data_that_there_is(self) -> None:
        exif = camera_exif()
        result = with_resolution(Metadata(exif=exif, dpi=(300, 150))).exif
        assert result is not None
        found = loaded(result)
        assert [found[""][tag] for tag in (0x011A, 0x011B, UNIT)] == [300, 150, 2]
        assert found["camera"] == loaded(exif)["camera"]
        assert with_resolution(Metadata(exif=exif)).exif == exif

    @pytest.mark.parametrize("dpi", [(1, 1), (0, 0), (2_000_000, 300)])
    def test_nonsense_is_none(self, dpi: tuple[int, int]) -> None:
        assert still(saved(image(), "TIFF", dpi=dpi)).metadata.dpi is None


class TestProfile:
    @pytest.mark.parametrize("source", ["JPEG", "PNG", "WEBP", "AVIF", "TIFF"])
    @pytest.mark.parametrize("format", sorted(FORMATS))
    def test_is_kept(self, tmp_path: Path, source: str, format: str) -> None:
        save(still(saved(image(), source, icc_profile=SRGB)), tmp_path / f"a.{format}")
        with Image.open(tmp_path / f"a.{format}") as opened:
            assert opened.info["icc_profile"] == SRGB

    @pytest.mark.parametrize(
        "broken",
        [b"no profile", SRGB[:100], SRGB.replace(b"acsp", b"nope")],
        ids=["no profile", "cut off", "no signature"],  # the time is in a profile's bytes
    )
    def test_broken_costs_nothing_but_a_note(self, broken: bytes) -> None:
        picture = still(saved(image(), "JPEG", icc_profile=broken))
        assert picture.metadata.icc_profile is None
        assert picture.notes == ("its colour profile is broken and was left out",)

    def test_colour_space(self) -> None:
        assert colour_space(SRGB) == "RGB"
        lab = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB", 5000)).tobytes()
        assert colour_space(lab) == "Lab"
        assert colour_space(b"") is None


class TestStripped:
    @pytest.mark.parametrize("format", sorted(FORMATS))
    def test_all_but_the_profile(self, tmp_path: Path, format: str) -> None:
        data = saved(
            image(), "JPEG", exif=camera_exif(), xmp=b"<x/>", icc_profile=SRGB, dpi=(300, 300)
        )
        path = tmp_path / f"a.{format}"
        save(still(data), path)
        assert b"Maker" in path.read_bytes()
        save(still(data), path, SaveOptions(strip_metadata=True))
        assert not re.search(rb"Maker|Zo|R98|<x/>", path.read_bytes())
        with Image.open(path) as opened:
            assert opened.size == (10, 12)  # turned all the same
            assert opened.info["icc_profile"] == SRGB
            assert "dpi" not in opened.info or format == "tiff"
            assert not {MAKER, CAMERA, GPS, ORIENTATION, 0x011A} & set(opened.getexif())
