"""The OpenAPI document against the server: schemathesis asks what it allows, and what not."""

import time
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, assume, given, settings
from hypothesis import strategies as st
from jsonschema_rs import Draft202012Validator
from schemathesis.generation import GenerationMode
from schemathesis.specs.openapi import checks

from jcarsr.web.app import create_app
from jcarsr.web.service import ServerSettings, Service

Jpeg = Callable[..., bytes]
DOCUMENT = create_app(Service(ServerSettings())).openapi()
OPERATIONS = [
    (method.upper(), path) for path, methods in DOCUMENT["paths"].items() for method in methods
]
CHECKS = [
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_schema_conformance,
    checks.negative_data_rejection,
]
SIZES = ("width", "height", "long_side", "short_side")
"""Refused where they contradict each other."""

QUIET = settings(
    derandomize=True,
    max_examples=25,
    database=None,
    deadline=None,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)


@pytest.fixture(scope="module")
def schema(server: Any) -> Any:
    return schemathesis.openapi.from_url(f"{server.url}/openapi.json")


@pytest.fixture
def job(client: httpx.Client, jpeg: Jpeg) -> Iterator[str]:
    """The name of a job that is done."""
    files, headers = {"file": jpeg(size=(16, 12))}, {"Prefer": "respond-async"}
    path = client.post("/v1/restore", files=files, headers=headers).headers["location"]
    began = time.monotonic()
    while client.get(path).json()["state"] != "done":
        assert time.monotonic() - began < 60
        time.sleep(0.02)
    yield path.rpartition("/")[2]
    client.delete(path)


def asked(case: Any, client: httpx.Client) -> int:
    """The status of an answer that is as the document says."""
    response = case.call()
    case.validate_response(response, checks=CHECKS)
    said = DOCUMENT["paths"][case.operation.path][case.method.lower()]["responses"]
    assert str(response.status_code) in said  # `default` is for what no client can bring about
    assert response.status_code < 500 or response.status_code == 503
    if response.status_code == 202:
        client.delete(response.headers["location"][0])
    return int(response.status_code)


def is_left_out_or_right(value: Any) -> bool:
    """Whether a form's field is left out, being empty, or a list that looks like its one value."""
    return value in ("", b"", None) or (isinstance(value, list) and len(value) < 2)


def is_wrong_but_for_the_file(path: str, body: dict[str, Any]) -> bool:
    """Whether a form is not as the document says, with any file in it."""
    content = DOCUMENT["paths"][path]["post"]["requestBody"]["content"]["multipart/form-data"]
    name = content["schema"]["$ref"].rpartition("/")[2]
    form = DOCUMENT["components"]["schemas"][name]
    fields = {key: value for key, value in form["properties"].items() if key != "file"}
    others = {key: value for key, value in body.items() if key != "file"}
    rest = {**form, "properties": fields, "required": [], "components": DOCUMENT["components"]}
    return not Draft202012Validator(rest).is_valid(others)


def test_document_is_the_servers(client: httpx.Client) -> None:
    assert client.get("/openapi.json").json() == DOCUMENT


@pytest.mark.parametrize(("method", "path"), OPERATIONS)
def test_what_is_allowed(
    schema: Any, client: httpx.Client, job: str, jpeg: Jpeg, method: str, path: str
) -> None:
    """Half of the uploads are good pictures, and half of the names those of a job."""
    operation, seen = schema[path][method], set[int]()

    @QUIET
    @given(case=operation.as_strategy(), good=st.booleans(), later=st.booleans())
    def ask(case: Any, good: bool, later: bool) -> None:
        if good and case.path_parameters:
            case.path_parameters["id"] = job
        if isinstance(case.body, dict):
            if good:
                case.body["file"] = jpeg(size=(16, 12))
                for field in SIZES:
                    case.body.pop(field, None)
            if later and path == "/v1/restore":
                case.headers["prefer"] = "respond-async"
        seen.add(asked(case, client))

    ask()
    expected = {
        "/v1/inspect": {200, 422},
        "/v1/restore": {200, 202, 422},
        "/v1/jobs/{id}": {200, 404} if method == "GET" else {204, 404},
        "/v1/jobs/{id}/result": {200, 404, 422},
        "/v1/jobs/{id}/before": {200, 404},
    }
    assert seen == expected.get(path, {200})


@pytest.mark.parametrize(
    ("method", "path"),
    [("POST", "/v1/inspect"), ("POST", "/v1/restore"), ("GET", "/v1/jobs/{id}/result")],
)
def test_what_is_not_allowed(
    schema: Any, client: httpx.Client, job: str, jpeg: Jpeg, method: str, path: str
) -> None:
    """Also where all but a field is good.

    What a query has beyond the document is ignored, and an empty field of a form is left out. A
    list of one value looks like the value in a form, so that there is nothing wrong with it.
    """
    known = {each["name"] for each in DOCUMENT["paths"][path][method.lower()].get("parameters", ())}
    wrong = schema[path][method].as_strategy(generation_mode=GenerationMode.NEGATIVE)
    seen = set[int]()

    @QUIET
    @given(case=wrong, good=st.booleans())
    def ask(case: Any, good: bool) -> None:
        if good and case.path_parameters:
            case.path_parameters["id"] = job
        if good and isinstance(case.body, dict) and "file" in case.body:
            assume(is_wrong_but_for_the_file(path, case.body))
            case.body["file"] = jpeg(size=(16, 12))
        if isinstance(case.body, dict):
            assume(not any(map(is_left_out_or_right, case.body.values())))
        status = asked(case, client)
        if set(case.query or {}) <= known:
            seen.add(status)

    ask()
    assert 422 in seen
    assert 200 not in seen
