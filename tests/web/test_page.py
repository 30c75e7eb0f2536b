"""The page in a real browser."""

# ruff: noqa: F401, F811 -- fixtures are imported, and arguments have their names

from __future__ import annotations

import json
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from jcarsr.cli import app

pytest.importorskip("playwright.sync_api")

from support.browser import (
    CHROMIUM,
    WAIT,
    ServeHere,
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
    from playwright.sync_api import Page, Route

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="needs the command chromium")


def clip(page: Page) -> float:
    """How much of the restored picture is cut off at its left, in percent."""
    path = page.locator("#results").evaluate("image => getComputedStyle(image).clipPath")
    return float(path.removesuffix(")").removesuffix("%").split()[-1])


def row(page: Page, name: str):
    return page.locator(".row", has_text=name)


def overflow(page: Page) -> int:
    root = "document.documentElement"
    return page.evaluate(f"{root}.scrollWidth - {root}.clientWidth")


def test_divider_follows_mouse_and_keys_and_the_wheel_zooms(
    page: Page, pictures: dict[str, Path]
) -> None:
    add_done(page, pictures["cat"])
    assert clip(page) == pytest.approx(50)
    box = page.locator("#divider").bounding_box()
    assert box is not None
    middle = box["y"] + box["height"] / 2
    page.mouse.move(box["x"] + box["width"] / 2, middle)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] / 4, middle, steps=3)
    page.mouse.up()
    assert clip(page) == pytest.approx(25, abs=0.5)
    divider = page.get_by_role("slider", name="Divider")
    expect(divider).to_be_focused()
    page.keyboard.press("ArrowRight")
    assert clip(page) > 25.5
    expect(divider).to_have_attribute("aria-valuetext", "26 % Bicubic")
    level = page.locator("#zoom-level")
    fitted = level.inner_text()
    page.locator("#stage").hover()
    page.mouse.wheel(0, -1000)
    expect(level).not_to_have_text(fitted)
    expect(page.locator("#plane")).to_contain_class("pixelated")
    plane = page.locator("#plane")
    before = plane.bounding_box()
    page.mouse.move(300, 300)
    page.mouse.move(700, 300)
    page.mouse.down()
    page.mouse.move(660, 280, steps=2)
    page.mouse.up()
    after = plane.bounding_box()
    assert before is not None
    assert after is not None
    assert (after["x"] - before["x"], after["y"] - before["y"]) == pytest.approx((-40, -20))
    page.locator("#zoom-in").focus()
    page.keyboard.press("1")
    expect(level).to_have_text("100 %")
    page.keyboard.press("0")
    expect(level).to_have_text(fitted)


def test_download_is_what_the_command_writes_also_with_other_options(
    page: Page, pictures: dict[str, Path], tmp_path: Path
) -> None:
    add_done(page, pictures["cat"])
    with page.expect_download() as saved:
        page.get_by_role("button", name="Download", exact=True).click()
    assert saved.value.suggested_filename == "cat_x2.png"
    written = tmp_path / "written.png"
    command = ["restore", str(pictures["cat"]), "-o", str(written)]
    engine = ["--engine", "onnx", "--threads", "1"]  # the server's: others round differently
    result = CliRunner().invoke(app, command + engine)
    assert result.exit_code == 0, result.output
    with Image.open(saved.value.path()) as ours, Image.open(written) as theirs:
        np.testing.assert_array_equal(np.asarray(ours), np.asarray(theirs))
    page.get_by_role("radio", name="Clean only").check()
    page.get_by_role("button", name="Restore again").click()
    expect(page.locator("#outcome")).to_contain_text("60 × 45 pixels")
    expect(page.locator("#label-before")).to_have_text("Input")
    page.get_by_label("Format").select_option("JPEG")
    with page.expect_download() as saved:
        page.get_by_role("button", name="Download", exact=True).click()
    assert saved.value.suggested_filename == "cat_x1.jpg"
    with Image.open(saved.value.path()) as picture:
        assert (picture.format, picture.size) == ("JPEG", (60, 45))


def test_broken_file_costs_no_other_its_result(page: Page, pictures: dict[str, Path]) -> None:
    add(page, pictures["cat"], pictures["cut"], pictures["coffee"])
    expect(row(page, "cut.jpg")).to_contain_text("truncated", timeout=WAIT)
    for name in ("cat.jpg", "coffee.jpg"):
        expect(row(page, name)).to_have_attribute("data-state", "done", timeout=WAIT)
    expect(page.locator("#tally")).to_have_text("2 of 3 done")
    expect(row(page, "cat.jpg").get_by_role("button", name="what there is")).to_have_count(0)
    row(page, "cut.jpg").get_by_role("button", name="Restore what there is of cut.jpg").click()
    expect(row(page, "cut.jpg")).to_have_attribute("data-state", "done", timeout=WAIT)
    expect(page.locator("#tally")).to_have_text("3 of 3 done")
    row(page, "cut.jpg").locator(".row-main").click()
    expect(page.locator("#stage")).to_contain_class("divided", timeout=WAIT)
    expect(page.locator("#overlay-salvage")).to_be_hidden()
    row(page, "cut.jpg").get_by_role("button", name="Remove").click()
    expect(row(page, "cut.jpg")).to_have_count(0)
    expect(page.get_by_role("button", name="Download all")).to_be_visible()


def drop(page: Page, *paths: Path) -> None:
    """Let files and folders fall onto the page, as from the desktop."""
    devtools = page.context.new_cdp_session(page)
    data = {"items": [], "files": [str(path) for path in paths], "dragOperationsMask": 1}
    for kind in ("dragEnter", "dragOver", "drop"):
        devtools.send("Input.dispatchDragEvent", {"type": kind, "x": 50, "y": 50, "data": data})


def test_dropped_folder_brings_its_pictures(
    page: Page, pictures: dict[str, Path], tmp_path: Path
) -> None:
    album = tmp_path / "album"
    (album / "inner").mkdir(parents=True)
    small = Image.open(pictures["coffee"]).resize((24, 18))
    for name in (*(f"cat {number}.jpg" for number in range(1, 12)), "inner/coffee.JPEG"):
        small.save(album / name)
    (album / "._cat 1.jpg").write_bytes(b"of macOS")
    (album / "notes.txt").write_text("no picture")
    drop(page, album, pictures["cat"])
    names = page.locator(".row-name")
    cats = [f"cat {number}.jpg" for number in range(1, 12)]
    expect(names).to_have_text([*cats, "coffee.JPEG", "cat.jpg"])
    expect(page.locator("#tally")).to_have_text("13 of 13 done", timeout=WAIT)


BROKEN_FOLDER = """
async () => {
  const { droppedFiles } = await import("/static/dropped.js");
  const closed = { isDirectory: false, name: "closed.jpg", file: (_, fail) => fail() };
  const inner = {
    isDirectory: true,
    name: "inner",
    createReader: () => ({ readEntries: (_, fail) => fail() }),
  };
  const lists = [[closed, inner], []];
  const reader = { readEntries: (give) => give(lists.shift()) };
  const album = { isDirectory: true, name: "album", createReader: () => reader };
  const item = { webkitGetAsEntry: () => album };
  const files = await droppedFiles({ files: [], items: [item] }, "image/*");
  return files.map(({ name, size }) => [name, size]);
}
"""


def test_what_is_not_sent_is_told(page: Page, tmp_path: Path) -> None:
    """Of a folder, empty files are in the place of what cannot be read: refused by their names."""
    assert page.evaluate(BROKEN_FOLDER) == [["closed.jpg", 0], ["inner", 0]]
    drop(page, tmp_path)
    expect(page.locator("#notice")).to_have_text("There are no pictures in this folder")
    expect(page.locator("#drop-veil")).to_be_hidden()
    large = tmp_path / "large.jpg"
    with large.open("wb") as file:
        file.truncate(40 * 2**20)
    add(page, large)
    expect(row(page, "large.jpg")).to_contain_text("40 MiB is too large")


def test_facts_are_told_and_edges_shown(page: Page, pictures: dict[str, Path]) -> None:
    add_done(page, pictures["cat"])
    facts = page.locator("#facts")
    expect(facts).to_contain_text("JPEG, sequential, 4:2:0")
    expect(facts).to_contain_text("20, exact")
    expect(facts).to_contain_text("jcarsr-lite-x2")
    expect(page.locator("#outcome")).to_contain_text("120 × 90 pixels")
    page.get_by_role("button", name="Edges").click()
    expect(page.locator("#label-after")).to_have_text("Edges", timeout=WAIT)
    expect(page.locator("#map")).to_be_visible()
    expect(page.locator("#after")).to_be_hidden()
    page.get_by_role("button", name="Edges").click()
    expect(page.locator("#after")).to_be_visible()


WORDS = """
() => {
  window.words = new Set();
  const note = () => window.words.add(document.querySelector("#rows").textContent);
  const everything = { childList: true, subtree: true, characterData: true };
  new MutationObserver(note).observe(document.body, everything);
}
"""


def test_busy_server_is_asked_again(page: Page, pictures: dict[str, Path]) -> None:
    """What is said meanwhile is noted in the page: it stands there for a second."""

    def refuse(route: Route) -> None:
        body = json.dumps({"detail": "full", "status": 503})
        route.fulfill(status=503, headers={"Retry-After": "1"}, body=body)

    page.route("**/v1/restore", refuse, times=1)
    page.evaluate(WORDS)
    add(page, pictures["cat"])
    expect(row(page, "cat.jpg")).to_have_attribute("data-state", "done", timeout=WAIT)
    said = "\n".join(page.evaluate("() => [...window.words]"))
    assert "Server is busy, trying again in 1 s" in said


def test_leaving_deletes_the_picture(page: Page, server: Server, pictures: dict[str, Path]) -> None:
    with page.expect_response("**/v1/restore") as answer:
        add(page, pictures["cat"])
    job = f"{server.url.rstrip('/')}/v1/jobs/{answer.value.json()['id']}"
    expect(page.locator("#stage")).to_contain_class("divided", timeout=WAIT)
    page.goto("about:blank")
    began = time.monotonic()
    while time.monotonic() - began < WAIT / 1000:
        try:
            urllib.request.urlopen(job).close()
        except urllib.error.HTTPError as error:
            assert error.code == 404
            error.close()
            return
        time.sleep(0.1)
    pytest.fail("it is still there")


def test_keyboard_alone(page: Page, pictures: dict[str, Path]) -> None:
    page.on("filechooser", lambda chooser: chooser.set_files(pictures["cat"]))
    choose = page.get_by_role("button", name="Choose pictures")
    for _ in range(4):
        page.keyboard.press("Tab")
        if choose.evaluate("button => button === document.activeElement"):
            break
    expect(choose).to_be_focused()
    page.keyboard.press("Tab")
    page.keyboard.press("ArrowLeft")
    expect(page.get_by_role("radio", name="Clean only")).to_be_checked()
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Enter")
    expect(row(page, "cat.jpg")).to_contain_text("60 × 45", timeout=WAIT)


def test_telephone(page: Page, server: Server, pictures: dict[str, Path]) -> None:
    page.set_viewport_size({"width": 360, "height": 740})
    assert overflow(page) == 0
    add_done(page, pictures["cat"])
    expect(page.locator("#facts")).to_be_visible()
    assert overflow(page) == 0
    add(page, pictures["cut"])
    expect(row(page, "cut.jpg")).to_contain_text("truncated", timeout=WAIT)
    place = row(page, "cut.jpg").locator(".row-text").bounding_box()
    assert place is not None and place["width"] > 150  # beside what is offered
    assert overflow(page) == 0
    page.goto(f"{server.url.rstrip('/')}/docs")
    expect(page.locator("#objects h3").first).to_be_visible()
    assert overflow(page) == 0


def test_token(tab: Page, serve_here: ServeHere, pictures: dict[str, Path]) -> None:
    """Asked for, or taken from the address and out of it."""
    token = "0123456789" * 3
    with serve_here(token=token) as running:
        tab.goto(running.url)
        field = tab.get_by_label("This server's token")
        field.fill("another token")
        field.press("Enter")
        expect(field).to_have_value("")
        expect(tab.get_by_role("radio", name="×2")).to_have_count(0)
        field.fill(token)
        tab.get_by_role("button", name="Continue").click()
        expect(tab.get_by_role("radio", name="×2")).to_be_checked()
        add_done(tab, pictures["cat"])
        expect(field).to_be_hidden()
        tab.evaluate("() => sessionStorage.clear()")  # as in another tab
        tab.goto("about:blank")
        tab.goto(f"{running.url}/#token={token}")
        expect(tab.get_by_role("radio", name="×2")).to_be_checked()
        assert token not in tab.url
        tab.goto("about:blank")


def test_documentation_has_every_operation(page: Page, server: Server) -> None:
    base = server.url.rstrip("/")
    with urllib.request.urlopen(f"{base}/openapi.json") as answer:
        paths = json.load(answer)["paths"]
    page.goto(f"{base}/docs")
    titles = page.locator("#operations h2")
    expect(titles).to_have_text(
        [f"{method.upper()}{path}" for path, methods in paths.items() for method in methods]
    )
    expect(page.locator("#operations")).to_contain_text(f"-F file=@photo.jpg {base}/v1/restore")
