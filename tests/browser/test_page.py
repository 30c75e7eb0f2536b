"""The built page in a real browser: what it gives, and that nothing leaves its origin."""

from __future__ import annotations

import functools
import io
import os
import shutil
import threading
from collections.abc import Iterator
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
import skimage.data
from PIL import Image

from jcarsr.engines.onnx import OnnxEngine
from jcarsr.pixels import Pixels
from jcarsr.restoring.restorer import NetworkRestorer
from jcarsr.weights import find

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

playwright = pytest.importorskip("playwright.sync_api")
expect = playwright.expect

CHROMIUM = shutil.which("chromium")
BUILT = Path(__file__).parents[2] / "build/browser"
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(CHROMIUM is None, reason="needs the command chromium"),
    pytest.mark.skipif(not (BUILT / "ort.wasm").is_file(), reason="needs `make browser` and npm"),
]

WAIT = 90_000  # milliseconds that a picture may take
expect.set_options(timeout=WAIT)  # a busy computer is no fault of the page
TILE = 384  # the worker's


class Files(SimpleHTTPRequestHandler):
    """A plain file server: no header that a static host would not send."""

    def log_message(self, format: str, *args: object) -> None: ...


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    handler = functools.partial(Files, directory=str(BUILT))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()
        thread.join()


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    arguments = ["--no-sandbox"] if os.geteuid() == 0 else []
    with playwright.sync_playwright() as started:
        opened = started.chromium.launch(executable_path=CHROMIUM, args=arguments)
        yield opened
        opened.close()


@pytest.fixture
def page(chromium: Browser, url: str) -> Iterator[Page]:
    """The page, opened; errors in its console and requests elsewhere fail the test."""
    context = chromium.new_context(viewport={"width": 1200, "height": 900}, accept_downloads=True)
    context.set_default_timeout(WAIT)
    requests: list[tuple[str, str]] = []
    context.on("request", lambda request: requests.append((request.method, request.url)))
    opened = context.new_page()
    problems: list[str] = []
    opened.on("pageerror", lambda error: problems.append(str(error)))
    opened.on("console", lambda said: problems.append(said.text) if said.type == "error" else None)
    opened.goto(url)
    expect(opened.get_by_role("radio", name="×2")).to_be_checked()
    yield opened
    context.close()
    assert problems == []
    assert any(address == url for _, address in requests)
    assert {method for method, _ in requests} == {"GET"}
    # a blob: address names what the page holds in memory
    assert [it for _, it in requests if not it.startswith((url, f"blob:{url}"))] == []


def photo(width: int, height: int) -> Pixels:
    """A piece of a photograph, saved badly."""
    file = io.BytesIO()
    source: Pixels = np.asarray(skimage.data.coffee(), np.uint8)
    piece = Image.fromarray(source[:height, :width])
    piece.save(file, "JPEG", quality=30)
    return np.asarray(Image.open(file))


def restored(page: Page) -> Image.Image:
    """Wait for the comparison, then save the result as a visitor does."""
    expect(page.locator("#stage")).to_contain_class("divided", timeout=WAIT)
    with page.expect_download() as saved:
        page.get_by_role("button", name="Download").click()
    picture = Image.open(saved.value.path())
    picture.load()
    assert picture.format == "PNG"
    picture.info["name"] = saved.value.suggested_filename
    return picture


def native(lq: Pixels, weights: str) -> Pixels:
    engine = OnnxEngine(find(weights), "sr")
    return NetworkRestorer(engine, TILE).restore(lq)


@pytest.mark.parametrize(
    ("size", "scale", "label", "weights"),
    [
        ((90, 70), 2, "From the web", "jcarsr-web-lite-x2"),
        ((392, 17), 2, "Saved once", "jcarsr-lite-x2"),  # two tiles across
        ((16, 390), 4, "From the web", "jcarsr-web-lite-x4"),  # two tiles down
        ((61, 45), 4, "Saved once", "jcarsr-lite-x4"),
    ],
)
def test_it_gives_what_the_package_gives(
    page: Page, tmp_path: Path, size: tuple[int, int], scale: int, label: str, weights: str
) -> None:
    lq = photo(*size)
    Image.fromarray(lq).save(tmp_path / "photo.of.mine.png")
    page.get_by_role("radio", name=f"×{scale}").check()
    page.get_by_role("radio", name=label).check()
    page.set_input_files("#files", tmp_path / "photo.of.mine.png")
    picture = restored(page)
    assert picture.info["name"] == f"photo.of.mine_x{scale}.png"
    expected = native(lq, weights)
    assert picture.size == expected.shape[1::-1]
    off = np.abs(np.asarray(picture.convert("RGB")).astype(int) - expected)
    assert off.max() <= 1
    expect(page.locator("#outcome")).to_contain_text(weights)


def test_another_choice_restores_again_and_a_rotated_jpeg_is_upright(
    page: Page, tmp_path: Path
) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # stored lying, to be turned right
    stored = Image.fromarray(photo(48, 32))
    stored.save(tmp_path / "turned.jpg", quality=95, subsampling=0, exif=exif)
    page.set_input_files("#files", tmp_path / "turned.jpg")
    twice = restored(page).convert("RGB")
    assert twice.size == (64, 96)
    upright = stored.transpose(Image.Transpose.ROTATE_270).resize(twice.size)
    off = np.abs(np.asarray(twice).astype(int) - np.asarray(upright))
    assert off.mean() < 10  # turned otherwise it is another picture
    page.get_by_role("radio", name="×4").check()
    expect(page.locator("#outcome")).to_contain_text("web-lite-x4")
    assert restored(page).size == (128, 192)


def test_transparency_becomes_white(page: Page, tmp_path: Path) -> None:
    Image.new("RGBA", (40, 32), (10, 20, 30, 0)).save(tmp_path / "clear.png")
    page.set_input_files("#files", tmp_path / "clear.png")
    white = native(np.full((32, 40, 3), 255, np.uint8), "jcarsr-web-lite-x2")
    assert white.min() > 240
    off = np.abs(np.asarray(restored(page).convert("RGB")).astype(int) - white)
    assert off.max() <= 1


def test_what_cannot_be_restored_is_one_line_and_costs_nothing(page: Page, tmp_path: Path) -> None:
    (tmp_path / "words.jpg").write_bytes(b"no picture")
    (tmp_path / "none.png").write_bytes(b"")
    Image.new("1", (2001, 2000)).save(tmp_path / "large.png")
    Image.new("1", (4097, 1)).save(tmp_path / "long.png")
    Image.fromarray(photo(32, 24)).save(tmp_path / "good.png")
    notice = page.locator("#notice")
    page.set_input_files("#files", tmp_path / "words.jpg")
    expect(notice).to_have_text("words.jpg: This is no picture that the browser can read")
    page.set_input_files("#files", tmp_path / "good.png")
    assert restored(page).size == (64, 48)
    expect(notice).to_be_hidden()
    for name, words in (
        ("none.png", "no picture"),
        ("large.png", "too large"),
        ("long.png", "too large"),
    ):
        page.set_input_files("#files", tmp_path / name)
        expect(notice).to_contain_text(name)
        expect(notice).to_contain_text(words)
        assert restored(page).size == (64, 48)  # still that of the good one


def test_a_dropped_picture_interrupts_the_one_before(page: Page, tmp_path: Path) -> None:
    Image.fromarray(photo(500, 400)).save(tmp_path / "slow.png")
    page.set_input_files("#files", tmp_path / "slow.png")
    expect(page.locator("#overlay")).to_be_visible()
    file = io.BytesIO()
    Image.fromarray(photo(30, 20)).save(file, "PNG")
    transfer = page.evaluate_handle(
        """(bytes) => {
            const transfer = new DataTransfer();
            const kind = { type: "image/png" };
            transfer.items.add(new File([new Uint8Array(bytes)], "dropped.png", kind));
            return transfer;
        }""",
        list(file.getvalue()),
    )
    page.dispatch_event("body", "drop", {"dataTransfer": transfer})
    expect(page.locator("#name")).to_have_text("dropped.png")
    picture = restored(page)
    assert picture.info["name"] == "dropped_x2.png"
    assert picture.size == (60, 40)


def test_neither_the_page_nor_its_worker_may_ask_elsewhere(
    chromium: Browser, url: str, tmp_path: Path
) -> None:
    elsewhere: list[str] = []

    class Listener(Files):
        def do_GET(self) -> None:
            elsewhere.append(self.path)
            self.send_response(204)
            self.send_header("Access-Control-Allow-Origin", "*")
            self.end_headers()

    Image.fromarray(photo(24, 16)).save(tmp_path / "a.png")
    with ThreadingHTTPServer(("127.0.0.1", 0), Listener) as other:
        thread = threading.Thread(target=other.serve_forever)
        thread.start()
        opened = chromium.new_page()
        opened.goto(url)
        opened.set_input_files("#files", tmp_path / "a.png")
        expect(opened.locator("#stage")).to_contain_class("divided", timeout=WAIT)
        address = f"http://127.0.0.1:{other.server_port}/x"
        ask = f"() => fetch('{address}').then(() => 'asked', () => 'refused')"
        (worker,) = opened.workers
        assert (opened.evaluate(ask), worker.evaluate(ask)) == ("refused", "refused")
        opened.goto(f"{url}page.css")
        assert opened.evaluate(ask) == "asked"  # without the page's policy it can
        opened.close()
        other.shutdown()
        thread.join()
    assert elsewhere == ["/x"]
