"""What routes answer besides their views, as the OpenAPI document describes it."""

from __future__ import annotations

from typing import Any

from jcarsr.image.formats import MEDIA_TYPES
from jcarsr.web import problems


def _problems(said: dict[int | str, str]) -> dict[int | str, dict[str, Any]]:
    """Status -> when it is answered, as responses of the OpenAPI document."""
    schema = {"$ref": "#/components/schemas/ProblemView"}
    content = {problems.MEDIA_TYPE: {"schema": schema}}
    return {status: {"description": when, "content": content} for status, when in said.items()}


def picture_response(description: str) -> dict[str, Any]:
    """A response that is a picture in any format."""
    schema = {"type": "string", "format": "binary"}
    return {
        "description": description,
        "content": {kind: {"schema": schema} for kind in MEDIA_TYPES.values()},
    }


UPLOAD = _problems(
    {
        400: "The body is no multipart form.",
        408: "The picture came too slowly.",
        413: "Too many bytes or pixels; the answer names the limit.",
        422: "No picture, a broken one, or a wrong field.",
        503: "Busy: try again after the seconds in Retry-After.",
    }
)
MISSING = _problems({404: "No such job: deleted, expired, or never there."})
UNREADY = _problems(
    {
        409: "The job is not done yet.",
        413: "It failed: the picture is too large.",
        422: "It failed, or the format cannot hold the picture.",
        503: "It took too long, or the server is busy.",
    }
)
OTHER = _problems(
    {"default": "Refused: asked for by another site's page, for example, or unexpectedly failed."}
)
