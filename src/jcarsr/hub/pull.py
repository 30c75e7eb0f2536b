"""A repository of the hub -> a checked weight file in the hub's cache."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from jcarsr.errors import JCARSRError, WeightsError
from jcarsr.hub.library import (
    CONFIG,
    graph_names,
    hub_errors,
    hub_library,
    who_asks,
    why_no_file,
    why_no_name,
)
from jcarsr.weights import read

_LARGEST = 2**20  # bytes of config.json that are read


@dataclass(frozen=True)
class _Named:
    """Which weights a repository says it holds."""

    file: str
    sha256: str


def pull(
    repo: str, revision: str | None = None, *, graphs: bool = True, token: str | None = None
) -> Path:
    """Return the path of a repository's weight file, downloaded if it is not in the cache.

    What is fetched is `config.json`, the weight file that it names and, of one commit with them,
    the graphs of that file; of a repository of others `config.json` alone. Where the hub cannot be
    reached the newest commit in the cache counts.

    Args:
        repo: owner/name.
        revision: a branch, tag or commit; None = the main branch.
        graphs: whether the ONNX graphs are fetched as well.
        token: of the hub; None = that of its login or environment, if there is one.

    Raises:
        WeightsError: no repository of jcarsr, or its weights have not the hash that they or
            `config.json` say.
        JCARSRError: huggingface_hub is not installed, no such repository or revision, or neither
            the hub nor the cache has it; `repo` can be the name of none.
    """
    if reason := why_no_name(repo):
        raise JCARSRError(reason)
    library = hub_library()
    asked: dict[str, Any] = {"token": token, **who_asks()}
    with hub_errors(repo):
        config = Path(library.hf_hub_download(repo, CONFIG, revision=revision, **asked))
        named = _read_config(repo, config)
        patterns = [named.file, CONFIG]
        if graphs:
            patterns += graph_names(named.file)
        commit = config.parent.name
        folder = library.snapshot_download(repo, revision=commit, allow_patterns=patterns, **asked)
    weights = Path(folder, named.file)
    try:
        found = read(weights).record.sha256
    except WeightsError as error:
        raise WeightsError(f"{repo}: {error}") from error
    if found != named.sha256:
        raise WeightsError(f"{repo}: {named.file} has not the hash that its {CONFIG} says")
    return weights


def _read_config(repo: str, path: Path) -> _Named:
    """Which weights a `config.json` names.

    Raises:
        WeightsError: none that can be a weight file of ours.
    """
    try:
        with path.open("rb") as file:
            said: Any = json.loads(file.read(_LARGEST))
    except (ValueError, RecursionError) as error:
        raise WeightsError(f"{repo}: its {CONFIG} cannot be read ({error})") from error
    fields = cast(dict[str, Any], said) if isinstance(said, dict) else {}
    name, sha256 = fields.get("weights"), fields.get("sha256")
    if fields.get("library_name") != "jcarsr" or not isinstance(name, str):
        raise WeightsError(f"{repo}: no repository of jcarsr, by its {CONFIG}")
    if why_no_file(name) or not isinstance(sha256, str):
        raise WeightsError(f"{repo}: its {CONFIG} names no weight file, but {name!r:.60}")
    return _Named(name, sha256)
