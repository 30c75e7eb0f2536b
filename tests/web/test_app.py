"""The application as a whole: pages, documents, and what is true of every answer."""

import http.client
import re
import socket
import sys
from collections.abc import Callable
from importlib.metadata import version
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

from jcarsr.web import app as module

Jpeg = Callable[..., bytes]
STATIC = module._STATIC


def raw(server: Any, target: str, method: str = "GET", **headers: str) -> http.client.HTTPResponse:
    """An answer to a request whose target is sent as it is."""
    connection = http.client.HTTPConnection(urlsplit(server.url).netloc, timeout=60)
    connection.putrequest(method, target, skip_accept_encoding=True)
    for name, value in headers.items():
        connection.putheader(name, value)
    connection.endheaders()
    answer = connection.getresponse()
    answer.read()
    connection.close()
    return answer


class TestPages:
    @pytest.mark.parametrize(("path", "file"), [("/", "index.html"), ("/docs", "docs.html")])
    def test_pages(self, client: httpx.Client, path: str, file: str) -> None:
        answer = client.get(path)
        assert answer.status_code == 200
        assert answer.headers["content-type"] == "text/html; charset=utf-8"
        assert answer.headers["cache-control"] == "no-cache"  # an update is seen at once
        assert answer.content == (STATIC / file).read_bytes()

    def test_heads(self, client: httpx.Client) -> None:
        """What monitors and link checkers ask for: the answer to GET without its body."""
        for path in ("/", "/docs", "/healthz", "/static/main.js"):
            answer, whole = client.head(path), client.get(path)
            assert (answer.status_code, answer.content) == (200, b"")
            assert answer.headers["content-length"] == whole.headers["content-length"]
            assert answer.headers["content-type"] == whole.headers["content-type"]

    def test_static_files(self, client: httpx.Client) -> None:
        """All that are there, with the types that a browser wants of scripts and styles."""
        types = {
            ".js": "text/javascript; charset=utf-8",
            ".css": "text/css; charset=utf-8",
            ".svg": "image/svg+xml",
            ".html": "text/html; charset=utf-8",
        }
        files = sorted(file for file in STATIC.rglob("*") if file.is_file())
        assert files
        for file in files:
            answer = client.get(f"/static/{file.relative_to(STATIC).as_posix()}")
            assert answer.headers["cache-control"] == "no-cache"
            assert answer.status_code == 200
            assert answer.content == file.read_bytes()
            assert answer.headers["content-type"] == types[file.suffix]

    def test_pages_bring_nothing_from_elsewhere(self) -> None:
        """And nothing that the Content-Security-Policy forbids."""
        for file in STATIC.rglob("*.html"):
            text = file.read_text()
            for forbidden in (
                "http://",
                "https://",
                "<style",
                " style=",
                " onclick=",
                "javascript:",
            ):
                assert forbidden not in text, (file.name, forbidden)
            assert re.findall(r"<script(?![^>]* src=)", text) == []

    @pytest.mark.parametrize(
        "target",
        [
            "/static/../app.py",
            "/static/../../../../../../etc/passwd",
            "/static/..%2fapp.py",
            "/static/%2e%2e/app.py",
            "/static/%2e%2e%2f%2e%2e%2f%2e%2e%2fetc%2fpasswd",
            "/static//etc/passwd",
            "/static/..\\app.py",
            "/static/%00",
            "/static/" + "a" * 5000,
            "/static/",
            "/v1/jobs/..%2f..%2fservice",
            "/v1/jobs/../../etc/passwd",
            "/v1/jobs/%00/result",
            "/v1/jobs/%2e%2e/result",
            "/v1/jobs/" + "a" * 5000,
            "//etc/passwd",
        ],
    )
    def test_no_way_out(self, server: Any, target: str) -> None:
        answer = raw(server, target)
        assert answer.status == 404
        assert answer.getheader("content-type") == "application/problem+json"


class TestDocument:
    def test_it_says_what_it_is(self, client: httpx.Client) -> None:
        document = client.get("/openapi.json").json()
        assert document["info"]["title"] == "jcarsr"
        assert document["info"]["version"] == version("jcarsr")
        assert set(document["paths"]) == {
            "/v1/service",
            "/v1/inspect",
            "/v1/restore",
            "/v1/jobs/{id}",
            "/v1/jobs/{id}/result",
            "/v1/jobs/{id}/before",
            "/healthz",
            "/metrics",
        }

    def test_every_problem_is_one(self, client: httpx.Client) -> None:
        """No answer but a good one is of another kind."""
        for path in client.get("/openapi.json").json()["paths"].values():
            for operation in path.values():
                assert operation["summary"]
                for status, said in operation["responses"].items():
                    if not status.startswith("2"):
                        assert said["content"] == {
                            "application/problem+json": {
                                "schema": {"$ref": "#/components/schemas/ProblemView"}
                            }
                        }

    def test_no_pages_that_load_scripts_from_elsewhere(self, client: httpx.Client) -> None:
        assert client.get("/redoc").status_code == 404
        assert "swagger" not in client.get("/docs").text.lower()


class TestEveryAnswer:
    ANSWERS = (
        ("GET", "/", 200),
        ("GET", "/static/index.html", 200),
        ("GET", "/static/nothing", 404),
        ("GET", "/openapi.json", 200),
        ("GET", "/healthz", 200),
        ("GET", "/metrics", 200),
        ("GET", "/v1/service", 200),
        ("GET", "/v1/jobs/x", 404),
        ("DELETE", "/v1/jobs/x", 404),
        ("POST", "/v1/restore", 422),
        ("PUT", "/v1/restore", 405),
        ("OPTIONS", "/v1/restore", 405),
        ("GET", "/nothing", 404),
        ("GET", "/v1/service/", 307),
    )

    @pytest.mark.parametrize(("method", "path", "status"), ANSWERS)
    def test_security_headers(
        self, client: httpx.Client, method: str, path: str, status: int
    ) -> None:
        answer = client.request(method, path)
        assert answer.status_code == status
        self._check(answer.headers)
        if path.startswith("/v1/"):
            assert answer.headers["cache-control"] == "no-store"

    def test_refusals_have_them_too(self, client: httpx.Client) -> None:
        for headers in ({"Host": "evil.example"}, {"Origin": "https://evil.example"}):
            answer = client.post("/v1/restore", headers=headers)
            assert answer.status_code == 403
            self._check(answer.headers)
        form = {"Content-Type": "multipart/form-data; boundary=B"}
        first = b'--B\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\n'
        parts = iter([first, bytes(2**25)])
        answer = client.post("/v1/restore", content=parts, headers=form)
        assert answer.status_code == 413
        self._check(answer.headers)

    def test_pictures_have_them_too(self, client: httpx.Client, jpeg: Jpeg) -> None:
        answer = client.post("/v1/restore", files={"file": jpeg()})
        assert answer.status_code == 200
        self._check(answer.headers)

    @staticmethod
    def _check(headers: httpx.Headers) -> None:
        policy = dict(
            part.strip().split(" ", 1)
            for part in headers.get("content-security-policy", "").split(";")
        )
        assert policy["default-src"] == "'none'"
        assert policy["script-src"] == policy["style-src"] == "'self'"
        assert policy["frame-ancestors"] == policy["base-uri"] == "'none'"
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "no-referrer"
        assert headers["cross-origin-resource-policy"] == "same-origin"
        assert "access-control-allow-origin" not in headers
        assert "server" not in headers


@pytest.mark.skipif(sys.platform != "linux", reason="has all of 127.0.0.0/8")
def test_only_this_computer_is_served(server: Any) -> None:
    """Not even through another of its addresses, and not under another name."""
    address = urlsplit(server.url)
    assert address.hostname == "127.0.0.1"
    with pytest.raises(OSError, match="refused"):
        socket.create_connection(("127.0.0.2", address.port or 0), timeout=60)
    for host, status in ((f"localhost:{address.port}", 200), ("rebound.example", 403)):
        assert httpx.get(f"{server.url}/healthz", headers={"Host": host}).status_code == status
