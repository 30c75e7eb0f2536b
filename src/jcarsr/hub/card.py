"""The model card of weights: YAML that the hub reads, then text for people."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from jcarsr.hub.library import hub_library
from jcarsr.weights import Record

Scores = Mapping[str, tuple[float, float]]
"""Condition, such as "Set5 x2 QF 10" -> PSNR in dB and SSIM."""

TAGS = ("super-resolution", "jpeg", "jpeg-artifacts-removal", "image-restoration", "onnx")

_LICENCES = frozenset(
    {
        *("apache-2.0", "mit", "bsd-2-clause", "bsd-3-clause", "isc", "unlicense", "cc0-1.0"),
        *("cc-by-4.0", "cc-by-sa-4.0", "cc-by-nc-4.0", "cc-by-nc-sa-4.0", "mpl-2.0"),
        *("gpl-2.0", "gpl-3.0", "lgpl-3.0", "agpl-3.0", "openrail"),
    }
)
"""Names of the hub's list; a text that begins with another is "other"."""

_TASK = "image-to-image"


def hub_licence(text: str) -> str:
    """The hub's name for a licence.

    >>> hub_licence("Apache-2.0, as the package"), hub_licence("see NOTICE"), hub_licence("")
    ('apache-2.0', 'other', 'unknown')
    """
    first = re.match(r"[\w.+-]*\w", text.strip().lower())
    if first is not None and first[0] in _LICENCES:
        return first[0]
    return "other" if text.strip() else "unknown"


def stored_scores(record: Record) -> dict[str, tuple[float, float]]:
    """The scores that a record holds, those of another form left out."""
    found: dict[str, tuple[float, float]] = {}
    for condition, values in record.scores.items():
        match values:
            case [int() | float() as psnr, int() | float() as ssim]:
                found[condition] = (float(psnr), float(ssim))
            case _:
                pass
    return found


def model_card(
    record: Record, repo: str, scores: Scores, licence: str, graphs: Sequence[str]
) -> str:
    """Return README.md of a repository.

    Args:
        record: of the weights.
        repo: owner/name.
        scores: go into `model-index` and a table.
        licence: its name on the hub.
        graphs: names of the ONNX files next to the weights.

    Raises:
        JCARSRError: huggingface_hub is not installed.
    """
    library = hub_library()
    results = [
        library.EvalResult(
            task_type=_TASK,
            dataset_type=condition.split()[0].lower(),
            dataset_name=condition,
            dataset_config=condition.partition(" ")[2],
            metric_type=kind,
            metric_name=name,
            metric_value=value,
        )
        for condition, values in scores.items()
        for kind, name, value in zip(
            ("psnr", "ssim"), ("PSNR on Y in dB", "SSIM on Y"), values, strict=True
        )
    ]
    data: Any = library.ModelCardData(
        license=licence,
        library_name="jcarsr",
        pipeline_tag=_TASK,
        tags=[tag for tag in TAGS if graphs or tag != "onnx"],
        metrics=["psnr", "ssim"] if results else None,
        model_name=record.name,
        eval_results=results or None,
    )
    return f"---\n{data.to_yaml()}\n---\n\n{_text(record, repo, scores, graphs)}"


def _text(record: Record, repo: str, scores: Scores, graphs: Sequence[str]) -> str:
    facts = record.facts
    does = f"enlarges by {facts.scale}" if facts.scale > 1 else "keeps the size"
    runs = "ONNX Runtime, OpenVINO or PyTorch" if graphs else "PyTorch"
    parts = [
        f"# {record.name}",
        f"A network ({record.architecture}) that removes JPEG artifacts and {does}. It runs in "
        f"{runs}.",
        "```sh\npip install 'jcarsr[hub]'\n```",
        "```python\nfrom jcarsr import Restorer\n\n"
        f'restorer = Restorer.from_pretrained("{repo}")\n'
        'restorer.restore("photo.jpg").save("restored.png")\n```',
    ]
    if scores:
        rows = [f"| {name} | {psnr:.2f} | {ssim:.4f} |" for name, (psnr, ssim) in scores.items()]
        parts += ["## Scores", "\n".join(["| | PSNR, dB | SSIM |", "|---|---|---|", *rows])]
    if record.data:
        parts += ["## Training data", "\n".join(f"- {line}" for line in record.data)]
    parts += [
        "## Licence",
        record.licence or "Not stated in the weight file.",
        f"sha256 of the tensors: `{record.sha256}`",
    ]
    return "\n\n".join(parts) + "\n"
