"""Weights of this computer -> a repository of the hub."""

from __future__ import annotations

import json
import shutil
import tempfile
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

from jcarsr.engines.graph_files import graph_path
from jcarsr.engines.onnx import OnnxEngine
from jcarsr.errors import WeightsError
from jcarsr.hub.card import Scores, hub_licence, model_card, stored_scores
from jcarsr.hub.library import CONFIG, graph_names, hub_errors, hub_library, who_asks, why_no_file
from jcarsr.weights import Record, read


@dataclass(frozen=True)
class Pushed:
    """What a push made."""

    url: str
    """Of the commit."""
    files: tuple[str, ...]
    """Names in the repository."""
    graphs: bool
    """Whether the weights run without PyTorch there."""


def push(
    weights: Path,
    repo: str,
    *,
    scores: Scores | None = None,
    licence: str | None = None,
    private: bool = False,
) -> Pushed:
    """Upload a weight file, the graphs next to it, a model card and `config.json` in one commit.

    The repository is made if it is not there. Graphs of an earlier push of the same file name that
    are not there any more are removed.

    Args:
        weights: the file.
        repo: owner/name.
        scores: for the card; None = those in the weight file's record.
        licence: its name on the hub; None = as the record says, "unknown" if it says nothing.
        private: of a repository that is made.

    Raises:
        WeightsError: the file is damaged, a graph next to it is not its, or `pull` would refuse the
            file's name.
        JCARSRError: huggingface_hub is not installed, or the hub refuses it or cannot be reached.
    """
    if reason := why_no_file(weights.name):
        raise WeightsError(f"{weights}: {reason}; rename it and its graphs")
    library = hub_library()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        record = read(weights).record
        graphs = own_graphs(weights, record)
        for file in (weights, *graphs):
            shutil.copy(file, folder)
        names = [graph.name for graph in graphs]
        shown = stored_scores(record) if scores is None else scores
        licence = licence or hub_licence(record.licence)
        card = model_card(record, repo, shown, licence, names)
        (folder / "README.md").write_text(card, "utf-8")
        (folder / CONFIG).write_text(json.dumps(config(record, weights.name), indent=2) + "\n")
        with hub_errors(repo):
            api: Any = library.HfApi(**who_asks())
            api.create_repo(repo, private=private, exist_ok=True)
            commit: Any = api.upload_folder(
                repo_id=repo,
                folder_path=folder,
                commit_message=f"{record.name} {record.sha256[:12]}",
                delete_patterns=graph_names(weights.name),
            )
        return Pushed(
            commit.commit_url, tuple(sorted(f.name for f in folder.iterdir())), bool(names)
        )


def own_graphs(weights: Path, record: Record) -> list[Path]:
    """The graphs next to a weight file, each loaded to see that it is its.

    Raises:
        WeightsError: one is damaged or another file's.
    """
    found: list[Path] = []
    for output in record.facts.outputs:
        for int8 in (False, True):
            graph = graph_path(weights, output, int8=int8)
            if graph.is_file() and (not int8 or output in record.facts.int8_outputs):
                OnnxEngine(weights, output, "int8" if int8 else "float32")
                found.append(graph)
    return found


def config(record: Record, weights: str) -> dict[str, Any]:
    """What `config.json` says; its requests are what the hub counts as downloads.

    Args:
        record: of the weights.
        weights: name of the file.
    """
    return {
        "library_name": "jcarsr",
        "library_version": version("jcarsr"),
        "model_type": record.architecture,
        "name": record.name,
        "weights": weights,
        "sha256": record.sha256,
        "scale": record.facts.scale,
        "outputs": list(record.facts.outputs),
        "config": record.config,
    }
