"""Requests to a server, and what its answers must be."""

import io
import time
from collections.abc import Callable
from http import HTTPStatus
from typing import Any

import httpx
from PIL import Image

Jpeg = Callable[..., bytes]
WAIT = 60  # seconds after which what should have happened has not
ASYNC = {"Prefer": "respond-async"}


def post(client: httpx.Client, path: str, data: bytes, **fields: Any) -> httpx.Response:
    headers = fields.pop("headers", {})
    return client.post(path, files={"file": ("a", data)}, data=fields, headers=headers)


def open_image(data: bytes) -> Image.Image:
    image = Image.open(io.BytesIO(data))
    image.load()
    return image


def problem(answer: httpx.Response) -> tuple[int, str]:
    """Status and detail, of what is a problem in every respect."""
    assert answer.headers["content-type"] == "application/problem+json"
    said = answer.json()
    assert [name for name in said if name != "salvage"] == ["type", "title", "status", "detail"]
    assert said["type"] == "about:blank"
    assert said["title"] == HTTPStatus(answer.status_code).phrase
    assert said["status"] == answer.status_code
    assert "\n" not in said["detail"]
    return answer.status_code, said["detail"]


def until(client: httpx.Client, path: str, *states: str) -> dict[str, Any]:
    """A job when it is in one of these states."""
    began = time.monotonic()
    while (said := client.get(path).json())["state"] not in states:
        assert time.monotonic() - began < WAIT, said
        time.sleep(0.01)
    return dict(said)


def submitted(client: httpx.Client, data: bytes, **fields: Any) -> str:
    """The path of a new job."""
    answer = post(client, "/v1/restore", data, headers=ASYNC, **fields)
    assert answer.status_code == 202, answer.text
    return str(answer.headers["location"])
