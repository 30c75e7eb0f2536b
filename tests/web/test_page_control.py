"""The page's controls of how a result looks, in a real browser."""

# ruff: noqa: F401, F811 -- fixtures are imported, and arguments have their names

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo
from support.pictures import xmp_value

from jcarsr.image import Picture
from jcarsr.image.metadata.xmp_record import OURS
from jcarsr.pixels import Pixels
from jcarsr.restoring.comparison import compare
from jcarsr.restoring.strength import enlarge

pytest.importorskip("playwright.sync_api")

from support.browser import (
    CHROMIUM,
    WAIT,
    Server,
    add,
    add_done,
    browser,
    expect,
    page,
    pictures,
    tab,
)

if TYPE_CHECKING:
    from playwright.sync_api import Download, Page, Route

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="needs the command chromium")


def screenshot(page: Page, path: Path) -> np.ndarray:
    """What of the picture lies right of the divider, without its label."""
    page.locator("#stage").screenshot(path=path)
    with Image.open(path) as image:
        pixels = np.asarray(image.convert("RGB")).astype(float)
    height, width = pixels.shape[:2]
    return pixels[height // 4 : 3 * height // 4, 5 * width // 8 : 7 * width // 8]


def test_strength_is_mixed_live(
    page: Page,
    server: Server,
    pictures: dict[str, Path],
    tmp_path: Path,
) -> None:
    icon = f"{server.url.rstrip('/')}/static/icon.svg"  # a browser asks for it when it likes
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
    others = {url for url in asked if "blob:" not in url and "/v1/jobs/" not in url}
    assert others <= {icon}
    assert np.abs(seen["100"] - seen["0"]).max() > 8
    assert np.abs(seen["50"] - (seen["100"] + seen["0"]) / 2).max() <= 4
    slider.fill("50")
    with page.expect_download() as saved:
        page.get_by_role("button", name="Download", exact=True).click()
    with Image.open(saved.value.path()) as image:
        assert xmp_value(image, (OURS, "Strength")) == "0.5"


def test_downloads_tell_what_is_lost_and_mix_no_animation(
    page: Page, pictures: dict[str, Path], tmp_path: Path
) -> None:
    texts = PngInfo()
    texts.add_text("prompt", "a cat")
    with Image.open(pictures["cat"]) as image:
        image.resize((24, 16)).save(tmp_path / "text.png", pnginfo=texts)
        still = image.resize((24, 16))
    others = [still.rotate(180)]
    still.save(tmp_path / "film.gif", save_all=True, append_images=others, duration=50)
    add_done(page, tmp_path / "text.png")
    page.get_by_role("slider", name="Strength").fill("50")
    add(page, tmp_path / "film.gif")
    film = page.locator(".row", has_text="film.gif")
    expect(film).to_have_attribute("data-state", "done", timeout=WAIT)
    film.locator(".row-main").click()
    expect(page.get_by_role("slider", name="Strength")).to_be_disabled()
    page.get_by_label("Format").select_option("WebP")
    saved: list[Download] = []

    def note(one: Download) -> None:
        saved.append(one)

    page.on("download", note)
    page.get_by_role("button", name="Download all").click()
    lost = "text.png: its text (prompt), which webp cannot hold, was left out"
    while len(saved) < 2:
        page.wait_for_timeout(20)
    page.remove_listener("download", note)
    expect(page.locator("#notice")).to_have_text(lost)
    files = {each.suggested_filename: each.path() for each in saved}
    with Image.open(files["text_x2.webp"]) as image:
        assert xmp_value(image, (OURS, "Strength")) == "0.5"
    with Image.open(files["film_x2.webp"]) as image:
        assert (image.n_frames, image.info.get("xmp")) == (2, None)


LOSE_ONE_ANSWER = """
() => {
  const ask = window.fetch;
  window.lost = 0;
  window.fetch = (url, init) => {
    if (window.lost || init?.method || !/[/]v1[/]jobs[/][^/]+$/.test(url)) return ask(url, init);
    window.lost += 1;
    return Promise.reject(new TypeError("lost"));
  };
}
"""


def test_lost_answer_about_a_job_is_asked_for_again(page: Page, pictures: dict[str, Path]) -> None:
    page.evaluate(LOSE_ONE_ANSWER)
    add_done(page, pictures["cat"])
    assert page.evaluate("window.lost") == 1


MADE_UP_CRISP = """
async (state) => {
  const { download } = await import("/static/download.js");
  const { Item } = await import("/static/item.js");
  const { Task } = await import("/static/task.js");
  const asked = [];
  window.fetch = async (url) => (asked.push(String(url)), new Response("picture"));
  Task.prototype.start = async function () {
    if (this.output === "picture") return;
    this.state = "running";
    await new Promise((go) => setTimeout(go, 20));
    this.job = { id: "second" };
    this.message = "no crisp weights";
    this.state = state;
    this.dispatchEvent(new Event("change"));
  };
  const item = new Item(new File(["x"], "a.jpg"));
  item.restore({ scale: 2, weights: "auto" });
  item.task.job = { id: "first" };
  try {
    await download(item, "png", { strength: 1, crisp: 0.5 });
  } catch (error) {
    return [error.message];
  }
  return asked.filter((url) => url.startsWith("/v1/"));
}
"""


def test_download_waits_for_the_crisp_picture_that_was_not_looked_at(page: Page) -> None:
    """The server of these tests has no crisp weights: its answers are made up."""
    expected = "/v1/jobs/first/result?format=png&crisp=0.5&crisp_job=second"
    assert page.evaluate(MADE_UP_CRISP, "done") == [expected]
    assert page.evaluate(MADE_UP_CRISP, "failed") == ["no crisp weights"]


def test_departures_are_a_layer_and_support_is_told(
    page: Page,
    pictures: dict[str, Path],
) -> None:
    add_done(page, pictures["coffee"])
    expect(page.locator("#facts")).to_contain_text("Supported by the JPEG")
    expect(page.locator("#facts")).to_contain_text("of its coefficients")
    page.get_by_role("button", name="Departures").click()
    expect(page.locator("#label-after")).to_have_text("Departures", timeout=WAIT)
    expect(page.locator("#map")).to_be_visible()
    expect(page.get_by_role("slider", name="Strength")).to_be_disabled()
    page.get_by_role("button", name="Edges").click()
    expect(page.get_by_role("button", name="Departures")).to_have_attribute("aria-pressed", "false")
    expect(page.locator("#label-after")).to_have_text("Edges", timeout=WAIT)


def test_options_are_remembered_and_what_is_not_there_is_hidden(page: Page) -> None:
    expect(page.get_by_role("radio", name="Large")).to_have_count(0)
    expect(page.locator("#weights")).to_be_hidden()
    expect(page.get_by_role("slider", name="Crispness")).to_be_hidden()
    page.get_by_role("radio", name="×4").check()
    page.reload()
    expect(page.get_by_role("radio", name="×4")).to_be_checked()
    page.evaluate("() => localStorage.setItem('jcarsr-scale', '3')")
    page.evaluate("() => localStorage.setItem('jcarsr-crisp', '100')")
    page.reload()
    expect(page.get_by_role("radio", name="×2")).to_be_checked()
    expect(page.locator("#crisp")).to_have_value("0")  # it is not remembered


def test_repeated_saves_get_their_weights(page: Page, photo: Pixels, tmp_path: Path) -> None:
    once, twice = tmp_path / "once.jpg", tmp_path / "twice.jpg"
    Image.fromarray(photo).save(once, quality=20)
    with Image.open(once) as image:
        image.crop((4, 4, 256, 192)).save(twice, quality=90)
    page.evaluate("() => localStorage.setItem('jcarsr-weights', 'small')")  # of older pages
    page.reload()
    add_done(page, twice)
    expect(page.locator("#facts")).to_contain_text("An earlier JPEG save of quality", timeout=WAIT)
    expect(page.locator("#facts")).to_contain_text("jcarsr-web-lite-x2")
    expect(page.locator("#outcome")).to_contain_text("jcarsr-web-lite-x2")


def test_a_picture_may_be_chosen_before_the_page_has_started(
    page: Page, pictures: dict[str, Path]
) -> None:
    def choose(route: Route) -> None:
        add(page, pictures["cat"])
        route.continue_()

    page.route("**/v1/service", choose, times=1)
    page.reload()
    expect(page.locator("#stage")).to_contain_class("divided", timeout=WAIT)


def test_comparison_opens_offline(
    tab: Page,
    photo: Pixels,
    tmp_path: Path,
) -> None:
    picture = Picture(photo)
    result = Picture(255 - enlarge(picture, 384, 512).samples)
    path = tmp_path / "a.compare.html"
    path.write_bytes(compare(result, picture, None, {}).page("a"))
    problems: list[str] = []
    tab.on("pageerror", lambda error: problems.append(str(error)))
    tab.on("console", lambda said: problems.append(said.text))
    asked: list[str] = []
    tab.on("request", lambda request: asked.append(request.url))
    tab.goto(path.as_uri())
    for name in ("before", "after"):
        shown = tab.locator(f"#{name}").evaluate("image => [image.naturalWidth, image.complete]")
        assert shown == [512, True]
    tab.get_by_role("slider").fill("25")
    cut = tab.locator("#after").evaluate("image => getComputedStyle(image).clipPath")
    assert cut == "inset(0px 0px 0px 25%)"
    tab.goto("about:blank")
    assert [url for url in asked if not url.startswith(("file:", "data:"))] == []
    assert problems == []
