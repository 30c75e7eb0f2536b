import io

import numpy as np
import pytest
from PIL import Image

from jcarsr.jpeg.last_save import LastSave, last_save_of


@pytest.mark.parametrize(("code", "name"), [(0, "4:4:4"), (1, "4:2:2"), (2, "4:2:0")])
def test_tables_and_subsampling_are_those_of_the_file(code: int, name: str) -> None:
    file, tables = io.BytesIO(), [list(range(1, 65)), list(range(101, 165))]
    Image.new("RGB", (16, 16)).save(file, "JPEG", qtables=tables, subsampling=code)
    with Image.open(file) as image:
        said = last_save_of(image)
    assert (said.luma, said.chroma) == (tuple(tables[0]), tuple(tables[1]))
    assert (said.format, said.subsampling) == ("JPEG", name)


def test_a_grey_jpeg_has_no_chroma() -> None:
    file = io.BytesIO()
    Image.fromarray(np.zeros((16, 16), np.uint8)).save(file, "JPEG", quality=50)
    with Image.open(file) as image:
        said = last_save_of(image)
    assert (said.chroma, said.subsampling, said.qf) == (None, "grey", 50)


def test_other_formats_say_their_name_alone() -> None:
    file = io.BytesIO()
    Image.new("RGB", (16, 16)).save(file, "PNG")
    with Image.open(file) as image:
        assert last_save_of(image) == LastSave(format="PNG")


def test_tables_for_networks() -> None:
    """Rows are vertical frequencies; without a table nothing was lost."""
    said = LastSave(luma=tuple(range(1, 65)), chroma=tuple(range(101, 165)))
    assert said.tables.shape == (1, 2, 8, 8)
    assert said.tables[0, 0, 1, 0] == 9
    assert said.tables[0, 1, 0, 1] == 102
    grey = LastSave(luma=(0, *range(2, 65))).tables
    np.testing.assert_array_equal(grey[0, 0], grey[0, 1])
    assert grey.min() == 1
    assert (LastSave(format="PNG").tables == 1).all()
