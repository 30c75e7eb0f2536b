"""The HTTP API, version 1."""

from __future__ import annotations

import asyncio
from contextlib import ExitStack, suppress
from importlib.metadata import version
from typing import Annotated

from fastapi import APIRouter, Depends, Header, Query, Request
from fastapi.responses import JSONResponse, Response

from jcarsr.image.formats import FORMATS
from jcarsr.protocols import SCALES
from jcarsr.web import metrics
from jcarsr.web.clients import client_of
from jcarsr.web.forms import Inspected, Restored
from jcarsr.web.job import Job
from jcarsr.web.job_file import JobFile
from jcarsr.web.network_size import NetworkSize, has_crisp, is_available
from jcarsr.web.problems import Problem
from jcarsr.web.responses import MISSING, OTHER, UNREADY, UPLOAD, picture_response
from jcarsr.web.schemas import (
    Format,
    HealthView,
    InspectView,
    JobView,
    LimitsView,
    ServiceView,
    SizeView,
    job_view,
)
from jcarsr.web.service import Service
from jcarsr.web.tasks import Restore

_SIDES = {"width", "height", "long_side", "short_side"}
_GONE_SECONDS = 0.5  # how often it is looked whether a waiting client is still there


def _service(request: Request) -> Service:
    return request.app.state.service


Uses = Annotated[Service, Depends(_service)]
Quality = Annotated[
    int | None,
    Query(
        ge=1, le=100, description="Of jpg (at 4:4:4), webp and avif. None = as it was asked for."
    ),
]


router = APIRouter(responses=OTHER)


@router.get("/v1/service", tags=["server"])
async def service(service: Uses) -> ServiceView:
    """Tell what this server can do, and its limits."""
    sizes = ("small", "large")
    return ServiceView(
        version=version("jcarsr"),
        scales=list(SCALES),
        weights=[SizeView(name=n, available=is_available(NetworkSize(n))) for n in sizes],
        crisp=has_crisp(),
        formats=list(FORMATS),
        limits=LimitsView(**{n: getattr(service.limits, n) for n in LimitsView.model_fields}),
    )


@router.post("/v1/inspect", responses=UPLOAD, tags=["pictures"])
async def inspect(
    request: Request,
    service: Uses,
    form: Inspected,
) -> InspectView:
    """Tell what a picture is, how hard a JPEG was compressed, and which weights would be used.

    Looks at the pixels, too: they tell of an earlier save, and decide the weights.
    """
    found = await service.inspect(
        form.file.file, form.scale, form.weights, client_of(request.scope)
    )
    return InspectView(**found)


@router.post(
    "/v1/restore",
    response_class=Response,
    responses={
        200: picture_response("The restored picture."),
        202: {
            "description": "A job, where the client prefers to respond-async.",
            "model": JobView,
        },
        **UPLOAD,
    },
    tags=["pictures"],
)
async def restore(
    request: Request,
    service: Uses,
    form: Restored,
    prefer: Annotated[str | None, Header(description="respond-async: answer a job.")] = None,
) -> Response:
    """Remove JPEG artifacts from a picture and enlarge it.

    Answers the picture when it is done; its size is in pixels, and what could not be kept is in
    the header Jcarsr-Notes, a list in JSON. With the header `Prefer: respond-async` it answers a
    job at once. A client that goes away ends its job.
    """
    given = list(form.model_dump(include=_SIDES, exclude_none=True).items())
    if len(given) + (form.scale is not None) > 1:
        raise Problem(422, "one of scale, width, height, long_side and short_side")
    side, pixels = given[0] if given else ("", 0)
    if form.crisp and not has_crisp():
        raise Problem(422, "crisp: this server has no weights for crisp pictures")

    def task(source: str, result: str) -> Restore:
        extension = form.format if form.output == "picture" else "png"
        return Restore(
            source=source,
            result=f"{result}.{extension}",
            scale=2 if form.scale is None else form.scale,
            side=side,
            pixels=pixels,
            weights=form.weights.value,
            quality=form.quality,
            strip_metadata=form.strip_metadata,
            salvage=form.salvage,
            output=form.output,
            strength=form.strength,
            crisp=form.crisp,
            ensemble=form.ensemble,
            mark=form.mark,
        )

    job = await service.submit(form.file.file, task, client_of(request.scope))
    if prefer is not None and "respond-async" in prefer.lower():
        if await request.is_disconnected():  # no client will ask for it
            service.jobs.remove(job)
        said = job_view(job, service.jobs).model_dump(mode="json")
        headers = {"Location": f"/v1/jobs/{job.id}", "Preference-Applied": "respond-async"}
        return JSONResponse(said, 202, headers)
    try:
        with service.jobs.hold(job):
            await _wait(request, job)
            return JobFile(await service.result(job, None), job, service, forget=True)
    except BaseException:
        service.jobs.remove(job)
        raise


@router.get("/v1/jobs/{id}", responses=MISSING, tags=["jobs"])
async def job(service: Uses, id: str) -> JobView:
    """Tell how far a job is."""
    return job_view(service.jobs.find(id), service.jobs)


@router.get(
    "/v1/jobs/{id}/result",
    response_class=Response,
    responses={200: picture_response("The restored picture."), **MISSING, **UNREADY},
    tags=["jobs"],
)
async def result(
    service: Uses,
    id: str,
    format: Annotated[Format | None, Query(description="None = as it was asked for.")] = None,
    quality: Quality = None,
    strength: Annotated[
        float, Query(ge=0, le=1, description="Of the result, in hundredths; the rest is bicubic.")
    ] = 1.0,
    crisp: Annotated[
        float, Query(ge=0, le=1, description="Of the result of crisp_job, in hundredths.")
    ] = 0.0,
    crisp_job: Annotated[
        str | None, Query(description="The job of the same picture with crisp=1.")
    ] = None,
) -> Response:
    """Answer a job's result, saved anew if another format or a mix is wanted."""
    found = service.jobs.find(id)
    other = None if crisp_job is None else service.jobs.find(crisp_job)
    if crisp and other is None:
        raise Problem(422, "crisp: needs crisp_job, whose result is mixed in")
    with ExitStack() as held:
        if other is not None:
            held.enter_context(service.jobs.hold(other))
        path = await service.result(found, format, quality, strength, other, crisp)
    return JobFile(path, found, service)


@router.get(
    "/v1/jobs/{id}/before",
    response_class=Response,
    responses={
        200: {
            "description": "The enlarged input.",
            "content": {"image/png": {"schema": {"type": "string", "format": "binary"}}},
        },
        **MISSING,
        **UNREADY,
    },
    tags=["jobs"],
)
async def before(service: Uses, id: str) -> Response:
    """Answer a job's input, enlarged to the result's size by bicubic interpolation."""
    found = service.jobs.find(id)
    return JobFile(await service.before(found), found, service)


@router.delete("/v1/jobs/{id}", status_code=204, responses=MISSING, tags=["jobs"])
async def delete(service: Uses, id: str) -> None:
    """Stop a job, or forget it and its result."""
    service.jobs.remove(service.jobs.find(id))


@router.head("/healthz", include_in_schema=False)
@router.get("/healthz", tags=["server"])
async def healthz(service: Uses) -> HealthView:
    """Tell that the server is there."""
    return HealthView(status="ok", queued=service.jobs.queued, running=service.jobs.running)


@router.get(
    "/metrics",
    response_class=Response,
    responses={200: {"content": {"text/plain": {"schema": {"type": "string"}}}}},
    tags=["server"],
)
async def metrics_(service: Uses) -> Response:
    """Tell counters and times in Prometheus' text format."""
    return Response(service.metrics.text(), headers={"Content-Type": metrics.CONTENT_TYPE})


async def _wait(request: Request, job: Job) -> None:
    """Until the job is over.

    Raises:
        Problem: the client is gone; no one gets it.
    """
    while not job.ready.is_set():
        if await request.is_disconnected():
            raise Problem(400, "the client is gone")
        with suppress(TimeoutError):
            async with asyncio.timeout(_GONE_SECONDS):
                await job.ready.wait()
