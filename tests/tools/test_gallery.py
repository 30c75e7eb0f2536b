"""The gallery of the site."""

import io
from types import ModuleType

from PIL import Image

from jcarsr.jpeg.quality import quality_of


def test_every_small_picture_is_a_jpeg_of_its_last_save(tool: ModuleType) -> None:
    for piece in tool.PIECES:
        with Image.open(io.BytesIO(piece.jpeg())) as image:
            assert (image.height * 2, image.width * 2) == piece.size
            found = quality_of(image)
        assert found is not None
        assert found.value == piece.quality
        assert piece.word.endswith(f"jpeg{piece.quality}")


def test_the_page_shows_every_piece(tool: ModuleType) -> None:
    page = tool.gallery()
    for piece in tool.PIECES:
        assert f"## `{piece.word}`" in page
        assert page.count(f'src="gallery/{piece.name}.html"') == 1
