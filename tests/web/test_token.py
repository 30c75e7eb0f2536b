from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest

from jcarsr.errors import JCARSRError
from jcarsr.web.token import Gate, read_token

Serve = Callable[..., AbstractContextManager[Any]]
TOKEN = "0123456789abcdef0123"


@pytest.fixture
def write(tmp_path: Path) -> Callable[..., Path]:
    def write(data: bytes, mode: int = 0o600) -> Path:
        path = tmp_path / "token"
        path.write_bytes(data)
        path.chmod(mode)
        return path

    return write


class TestFile:
    @pytest.mark.parametrize("data", [TOKEN, f"{TOKEN}\n", f"  {TOKEN}\r\n\n"])
    @pytest.mark.parametrize("mode", [0o600, 0o400])
    def test_good(self, write: Callable[..., Path], data: str, mode: int) -> None:
        assert read_token(write(data.encode(), mode)) == TOKEN

    @pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o602, 0o644, 0o610])
    def test_of_others(self, write: Callable[..., Path], mode: int) -> None:
        path = write(TOKEN.encode(), mode)
        with pytest.raises(JCARSRError) as told:
            read_token(path)
        said = f"others may read or change it (mode {mode:03o}): chmod 600"
        assert str(told.value) == f"{path}: {said}"

    @pytest.mark.parametrize(
        "data",
        [
            b"",
            b"\n",
            TOKEN[:-1].encode(),
            f"{TOKEN} {TOKEN}".encode(),
            f"{TOKEN}\n{TOKEN}".encode(),
            f"{TOKEN}\0".encode(),
            "é".encode() * 20,
            bytes(30),
            b"a" * 5000,
        ],
    )
    def test_no_token(self, write: Callable[..., Path], data: bytes) -> None:
        with pytest.raises(JCARSRError, match="holds no token") as told:
            read_token(write(data))
        assert TOKEN not in str(told.value)
        assert "\n" not in str(told.value)

    def test_missing(self, tmp_path: Path) -> None:
        for path in (tmp_path / "none", tmp_path):
            with pytest.raises(JCARSRError, match="cannot be read"):
                read_token(path)


@pytest.mark.parametrize(
    ("header", "known"),
    [
        (f"Bearer {TOKEN}", True),
        (f"bearer  {TOKEN} ", True),
        (f"Bearer {TOKEN}x", False),
        (f"Bearer {TOKEN[:-1]}", False),
        (f"Bearer {TOKEN.upper()}", False),
        (f"Basic {TOKEN}", False),
        (TOKEN, False),
        ("Bearer", False),
        ("Bearer é", False),
        ("", False),
    ],
)
def test_gate(header: str, known: bool) -> None:
    gate = Gate(TOKEN)
    for path in ("/v1/service", "/v1/jobs/x", "/metrics", "/nowhere", "/static", "/static.js"):
        assert gate.is_open(path, header) == known
    for path in ("/", "/docs", "/healthz", "/openapi.json", "/static/main.js"):
        assert gate.is_open(path, header)
    assert Gate(None).is_open("/v1/service", header)


def test_serving(serve: Serve, tmp_path: Path, jpeg: Callable[..., bytes]) -> None:
    path = tmp_path / "token"
    path.touch(0o600)
    path.write_text(TOKEN)
    with serve("--token-file", path) as running, httpx.Client(base_url=running.url) as client:
        assert client.get("/healthz").status_code == 200
        assert client.get("/").status_code == client.get("/static/token.js").status_code == 200
        files = {"file": jpeg()}
        for headers in ({}, {"Authorization": f"Bearer {TOKEN[::-1]}"}):
            for answer in (
                client.get("/v1/service", headers=headers),
                client.get("/metrics", headers=headers),
                client.post("/v1/inspect", files=files, headers=headers),
                client.delete("/v1/jobs/x", headers=headers),
            ):
                assert answer.status_code == 401
                assert answer.headers["www-authenticate"] == 'Bearer realm="jcarsr"'
                assert answer.json()["detail"] == "needs this server's token"
        headers = {"Authorization": f"Bearer {TOKEN}"}
        assert client.post("/v1/inspect", files=files, headers=headers).status_code == 200
        assert not any(TOKEN in word for word in psutil.Process(running.pid).cmdline())
