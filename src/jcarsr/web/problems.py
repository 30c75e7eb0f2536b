"""Errors as RFC 9457 problem details, with the command's own one-line messages."""

from __future__ import annotations

import errno
from collections.abc import Mapping
from http import HTTPStatus

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException

MEDIA_TYPE = "application/problem+json"
FULL_SECONDS = "60"
"""Retry-After of a server whose disk is full."""

UNKNOWN_FIELD = "unknown_field"
"""Type of the error of a form with a field that it does not have; its message names the field."""

_FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
_SHORT = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.EROFS, errno.EIO})


class Problem(HTTPException):
    """Ends a request, or a job: a status and one line for the user.

    Args:
        status_code: HTTP's.
        detail: the line.
        headers: of the answer.
        salvage: the picture is truncated, and its beginning can be restored.
    """

    def __init__(
        self,
        status_code: int,
        detail: str,
        headers: Mapping[str, str] | None = None,
        *,
        salvage: bool = False,
    ) -> None:
        super().__init__(status_code, detail, headers)
        self.salvage = salvage

    def again(self) -> Problem:
        """Return the same problem, to be raised once more: tracebacks gather in one."""
        return Problem(self.status_code, self.detail, self.headers, salvage=self.salvage)


class ProblemView(BaseModel):
    """What went wrong (RFC 9457)."""

    type: str = Field(description="Always about:blank: the status says the kind.")
    title: str = Field(description="The status in words.")
    status: int
    detail: str = Field(description="One line for the user.")
    salvage: bool | None = Field(
        None, description="True: the picture is truncated; the field salvage restores its start."
    )


def view(status: int, detail: str, salvage: bool = False) -> ProblemView:
    """A problem as it is sent."""
    title = HTTPStatus(status).phrase
    return ProblemView(
        type="about:blank", title=title, status=status, detail=detail, salvage=salvage or None
    )


def response(
    status: int, detail: str, headers: Mapping[str, str] | None = None, salvage: bool = False
) -> Response:
    """A problem as an answer."""
    said = view(status, detail, salvage).model_dump(exclude_none=True)
    return JSONResponse(said, status, headers=dict(headers or {}), media_type=MEDIA_TYPE)


def storage_problem(error: OSError) -> Problem:
    """Return what is answered when the server cannot keep files: not the client's fault."""
    full = error.errno in _FULL
    why = "the server's disk is full" if full else "the server cannot store pictures now"
    return Problem(503, why, {"Retry-After": FULL_SECONDS})


def install(app: FastAPI) -> None:
    """Answer every error of `app` with a problem."""
    app.add_exception_handler(HTTPException, _answer_problem)
    app.add_exception_handler(RequestValidationError, _answer_invalid_field)
    app.add_exception_handler(OSError, _answer_storage_error)


async def _answer_problem(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    cause = error.__cause__
    if isinstance(cause, OSError) and not isinstance(error, Problem):  # a form that finds no room
        error = storage_problem(cause)
    salvage = isinstance(error, Problem) and error.salvage
    return response(error.status_code, str(error.detail), error.headers, salvage)


async def _answer_storage_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, OSError)
    if error.errno not in _FULL | _SHORT:
        raise error
    return await _answer_problem(request, storage_problem(error))


async def _answer_invalid_field(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    first = error.errors()[0]
    if first["type"] == UNKNOWN_FIELD:
        return response(422, first["msg"])
    where = ".".join(str(part) for part in first["loc"][1:]) or str(first["loc"][0])
    return response(422, f"{where}: {first['msg']}")
