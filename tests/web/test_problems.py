import errno
import json
from http import HTTPStatus

import httpx
import pytest
from fastapi import FastAPI, HTTPException

from jcarsr.web import problems
from jcarsr.web.problems import Problem


@pytest.mark.parametrize("status", [400, 403, 404, 408, 409, 413, 422, 500, 503])
def test_members_are_those_of_rfc_9457(status: int) -> None:
    answer = problems.response(status, "a line", {"Retry-After": "5"})
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["retry-after"] == "5"
    assert json.loads(bytes(answer.body)) == {
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": "a line",
    }


@pytest.mark.anyio
@pytest.mark.parametrize("anyio_backend", ["asyncio"])
@pytest.mark.parametrize(
    ("number", "detail"),
    [
        (errno.ENOSPC, "the server's disk is full"),
        (errno.EDQUOT, "the server's disk is full"),
        (errno.EMFILE, "the server cannot store pictures now"),
        (errno.EROFS, "the server cannot store pictures now"),
    ],
)
async def test_no_room(number: int, detail: str) -> None:
    """Wherever it shows: as it is, or as the cause of what a library makes of it."""
    app = FastAPI()
    problems.install(app)

    @app.get("/{wrapped}")
    async def fail(wrapped: bool) -> None:
        try:
            raise OSError(number, "no")
        except OSError as error:
            if wrapped:
                raise HTTPException(400, "There was an error parsing the body") from error
            raise

    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://a") as client:
        for path in ("/true", "/false"):
            answer = await client.get(path)
            assert (answer.status_code, answer.json()["detail"]) == (503, detail)
            assert answer.headers["retry-after"] == "60"


@pytest.mark.anyio
@pytest.mark.parametrize("anyio_backend", ["asyncio"])
async def test_every_error_of_an_application_is_one() -> None:
    app = FastAPI()
    problems.install(app)

    @app.get("/number")
    async def number(value: int) -> None:
        raise Problem(503, "busy", {"Retry-After": "9"})

    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://a") as client:
        for method, path, status, detail in (
            ("GET", "/number?value=1", 503, "busy"),
            ("GET", "/number?value=x", 422, "value: Input should be a valid integer"),
            ("GET", "/number", 422, "value: Field required"),
            ("GET", "/nowhere", 404, "Not Found"),
            ("POST", "/number", 405, "Method Not Allowed"),
        ):
            answer = await client.request(method, path)
            assert answer.status_code == answer.json()["status"] == status
            assert answer.headers["content-type"] == "application/problem+json"
            assert answer.json()["detail"].startswith(detail)
            assert "\n" not in answer.json()["detail"]
            if status == 503:
                assert answer.headers["retry-after"] == "9"
            if status == 405:
                assert answer.headers["allow"] == "GET"
