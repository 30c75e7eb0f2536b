"""The server's page in a real browser: fixtures and steps that its tests share."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import pytest
import skimage.data
from PIL import Image

if TYPE_CHECKING:
    from playwright.sync_api import BrowserContext, ConsoleMessage, Page, ViewportSize

playwright = pytest.importorskip("playwright.sync_api")
expect = playwright.expect

CHROMIUM = shutil.which("chromium")

SIZE: ViewportSize = {"width": 1200, "height": 900}
WAIT = 60_000  # milliseconds that a picture may take
expect.set_options(timeout=WAIT)  # a busy computer is no fault of the page
EXPECTED_ERROR = "status of 503"  # the browser's own line about an answer that a test made up


class Server(Protocol):
    url: str


ServeHere = Callable[..., AbstractContextManager[Server]]


@pytest.fixture(scope="module")
def browser() -> Iterator[BrowserContext]:
    arguments = ["--no-sandbox"] if os.geteuid() == 0 else []
    with playwright.sync_playwright() as started:
        chromium = started.chromium.launch(executable_path=CHROMIUM, args=arguments)
        context = chromium.new_context(
            viewport=SIZE,
            reduced_motion="reduce",  # no frame is drawn for what only moves
        )
        context.set_default_timeout(WAIT)
        yield context
        chromium.close()


@pytest.fixture(scope="module")
def tab(browser: BrowserContext) -> Page:
    """One for all tests: a new one is a new process, which takes longer than most of them."""
    return browser.new_page()


@pytest.fixture
def page(browser: BrowserContext, tab: Page, server: Server) -> Iterator[Page]:
    """The page, opened; errors in its console, also about its content policy, fail the test."""
    problems: list[str] = []

    def note_error(error: object) -> None:
        problems.append(str(error))

    def note_console(said: ConsoleMessage) -> None:
        if said.type == "error" and EXPECTED_ERROR not in said.text:
            problems.append(said.text)

    tab.on("pageerror", note_error)
    tab.on("console", note_console)
    tab.set_viewport_size(SIZE)
    tab.goto(server.url)
    expect(tab.get_by_role("radio", name="×2")).to_be_checked()
    yield tab
    devtools = browser.new_cdp_session(tab)
    origin = {"origin": server.url.rstrip("/"), "storageTypes": "local_storage"}
    devtools.send("Storage.clearDataForOrigin", origin)  # all tests share what is remembered
    devtools.detach()
    tab.remove_listener("pageerror", note_error)
    tab.remove_listener("console", note_console)
    assert problems == []


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Small JPEGs, one of which is cut short."""
    folder = tmp_path_factory.mktemp("pictures")
    sources = {"cat": skimage.data.cat(), "coffee": skimage.data.coffee()}
    files = {name: folder / f"{name}.jpg" for name in (*sources, "cut")}
    for name, pixels in sources.items():
        Image.fromarray(pixels).resize((60, 45)).save(files[name], quality=20)
    Image.fromarray(sources["cat"]).resize((120, 90)).save(files["cut"], quality=20)
    whole = files["cut"].read_bytes()  # larger: half of a small one is its header alone
    files["cut"].write_bytes(whole[: len(whole) // 2])
    return files


def add(page: Page, *files: Path) -> None:
    page.set_input_files("#files", files)


def add_done(page: Page, file: Path) -> None:
    """Have a picture restored and its comparison shown."""
    add(page, file)
    expect(page.locator("#stage")).to_contain_class("divided", timeout=WAIT)
