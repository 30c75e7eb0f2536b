"""huggingface_hub, loaded when it is needed, and its errors as ours."""

from __future__ import annotations

import re
from collections.abc import Generator
from contextlib import contextmanager
from importlib import import_module
from importlib.metadata import version
from pathlib import Path
from typing import Any, get_args

from jcarsr.engines.graph_files import graph_path
from jcarsr.errors import JCARSRError
from jcarsr.protocols import Output

CONFIG = "config.json"
"""The file of a repository that says which weights it holds."""

_FILE = re.compile(r"[\w-][\w.-]*\.safetensors")
_NAME = re.compile(r"[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*", re.ASCII)


def hub_library() -> Any:
    """The package `huggingface_hub`.

    Raises:
        JCARSRError: it is not installed; the message names the extra.
    """
    try:
        return import_module("huggingface_hub")
    except ModuleNotFoundError as error:
        raise JCARSRError(f"this needs {error.name}: pip install 'jcarsr[hub]'") from error


def why_no_name(repo: str) -> str | None:
    """Return why no repository can have this name, None if one can."""
    return None if _NAME.fullmatch(repo) else f"{repo}: a repository is named OWNER/NAME"


def why_no_file(name: str) -> str | None:
    """Return why a repository's weight file cannot have this name, None if it can."""
    if _FILE.fullmatch(name):
        return None
    return f"{name!r:.60} is no name of a weight file: letters, digits, _, - and ., .safetensors"


def graph_names(weights: str) -> list[str]:
    """Names of all graphs that a weight file of this name may have, which `why_no_file` allows.

    Of w.safetensors those of w.x.safetensors are none, as they would be by the pattern w.*.onnx.
    """
    kinds = [(output, int8) for output in get_args(Output) for int8 in (False, True)]
    return [graph_path(Path(weights), output, int8=int8).name for output, int8 in kinds]


def who_asks() -> dict[str, str]:
    """Name and version of the program that asks, for the hub."""
    return {"library_name": "jcarsr", "library_version": version("jcarsr")}


@contextmanager
def hub_errors(repo: str) -> Generator[None]:
    """Turn an error of the library into a JCARSRError of one line that names the repository."""
    try:
        yield
    except JCARSRError:
        raise
    except Exception as error:  # the library's, httpx's and the system's have no class in common
        if not _is_of_library(error):
            raise
        raise JCARSRError(f"{repo}: {_reason(error)}") from error


def _is_of_library(error: Exception) -> bool:
    modules = {kind.__module__.partition(".")[0] for kind in type(error).__mro__}
    return isinstance(error, OSError) or bool(modules & {"huggingface_hub", "httpx", "httpx2"})


def _reason(error: Exception) -> str:
    """One line, what can be done about it where that is known."""
    status = getattr(getattr(error, "response", None), "status_code", None)
    if status in (401, 403):
        return f"the hub refuses it ({status}): log in with `hf auth login`, or set HF_TOKEN"
    reasons = {
        "RepositoryNotFoundError": "no such repository on the hub, or it is private",
        "RevisionNotFoundError": "no such revision",
        "RemoteEntryNotFoundError": f"no repository of jcarsr: it has no {CONFIG}",
        "LocalEntryNotFoundError": "the hub cannot be reached, and it is not in the cache",
        "TransportError": "the hub cannot be reached",
        "ConnectionError": "the hub cannot be reached",
    }
    names = [kind.__name__ for kind in type(error).__mro__]
    found = next((reasons[name] for name in names if name in reasons), None)
    return found or " ".join(str(error).split()) or names[0]
