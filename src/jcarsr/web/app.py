"""The application: API, page, and the guards before both."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from importlib.metadata import version
from pathlib import Path

from fastapi import FastAPI
from fastapi.responses import FileResponse, Response
from fastapi.staticfiles import StaticFiles

from jcarsr.web import problems
from jcarsr.web.guards import BodyLimit, OriginGuard
from jcarsr.web.routes import router
from jcarsr.web.service import Service
from jcarsr.web.token import Gate

_STATIC = Path(__file__).parent / "static"


def create_app(service: Service, hosts: Sequence[str] = (), proxied: Sequence[str] = ()) -> FastAPI:
    """An application in front of a service that is at work.

    Args:
        service: restores.
        hosts: names under which the server is asked, without port; empty = any.
        proxied: those of a reverse proxy before it, whose pages are its own.
    """
    app = FastAPI(
        title="jcarsr",
        version=version("jcarsr"),
        summary="Small, JPEG-compressed pictures made large and clean by one network.",
        description=(
            "Pictures stay on the computer that runs this server, and are deleted after a while. "
            "Errors are problem details (RFC 9457) with one line for the user."
        ),
        docs_url=None,
        redoc_url=None,
    )
    app.state.service = service
    problems.install(app)
    app.include_router(router)
    app.mount("/static", StaticFiles(directory=_STATIC), name="static")
    for path, page in (("/", "index.html"), ("/docs", "docs.html")):
        app.add_api_route(path, _page(page), methods=["GET", "HEAD"], include_in_schema=False)
    checks = {"/v1/restore": service.jobs.check_room}
    app.add_middleware(BodyLimit, limits=service.limits, checks=checks)
    gate = Gate(service.token)
    app.add_middleware(
        OriginGuard, hosts=hosts, proxied=proxied, metrics=service.metrics, gate=gate
    )
    return app


def _page(name: str) -> Callable[[], Awaitable[Response]]:
    async def page() -> Response:
        return FileResponse(_STATIC / name, headers={"Cache-Control": "no-cache"})

    return page
