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
