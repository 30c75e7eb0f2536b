from pathlib import Path

import pytest

from jcarsr.errors import ImageError
from jcarsr.restoring.place import check_place


def test_link_that_leads_nowhere_keeps_its_name(tmp_path: Path) -> None:
    (tmp_path / "a.png").symlink_to("nowhere")
    with pytest.raises(ImageError, match="exists already"):
        check_place(tmp_path / "a.png", overwrite=False)
    check_place(tmp_path / "b.png", overwrite=False)
    (tmp_path / "file").touch()
    with pytest.raises(ImageError, match=r"its result .* cannot be written"):
        check_place(tmp_path / "file" / "a.png", overwrite=True)
