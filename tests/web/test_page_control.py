"""The page's controls of how a result looks, in a real browser."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from PIL import Image
from support.pictures import xmp_value

from jcarsr.image.xmp_record import OURS

pytest.importorskip("playwright.sync_api")

from web.test_page import (
    CHROMIUM,
    add_done,
    browser,  # noqa: F401
    expect,
    page,  # noqa: F401
    pictures,  # noqa: F401
)

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="needs the command chromium")


def screenshot(page: Page, path: Path) -> np.ndarray:  # noqa: F811
    """What of the picture lies right of the divider, without its label."""
    page.locator("#stage").screenshot(path=path)
    with Image.open(path) as image:
        pixels = np.asarray(image.convert("RGB")).astype(float)
    height, width = pixels.shape[:2]
    return pixels[height // 4 : 3 * height // 4, 5 * width // 8 : 7 * width // 8]


def test_strength_is_mixed_live(
    page: Page,  # noqa: F811
    pictures: dict[str, Path],  # noqa: F811
    tmp_path: Path,
) -> None:
    add_done(page, pictures["cat"])
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    slider = page.get_by_role("slider", name="Strength")
    expect(slider).to_have_value("100")
    seen = {}
    for value in ("100", "50", "0"):
        slider.fill(value)
        seen[value] = screenshot(page, tmp_path / f"{value}.png")
        expect(slider).to_have_attribute("aria-valuetext", f"{value} %")
    assert [url for url in asked if "blob:" not in url and "/v1/jobs/" not in url] == []
    assert np.abs(seen["100"] - seen["0"]).max() > 8
    assert np.abs(seen["50"] - (seen["100"] + seen["0"]) / 2).max() <= 2
    slider.fill("50")
    with page.expect_download() as saved:
        page.get_by_role("button", name="Download", exact=True).click()
    with Image.open(saved.value.path()) as image:
        assert xmp_value(image, (OURS, "Strength")) == "0.5"
