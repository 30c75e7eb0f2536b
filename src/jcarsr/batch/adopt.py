"""Results that are there and that the ledger, which was lost, knows nothing of."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from PIL import Image

from jcarsr.batch.decide import Decision
from jcarsr.batch.ledger import Entry, Ledger, as_text
from jcarsr.batch.plan import FileJob
from jcarsr.errors import ImageError
from jcarsr.image import FORMATS, format_of
from jcarsr.restoring.file import FileRestorer
from jcarsr.restoring.networks import Networks
from jcarsr.restoring.reading import Reader
from jcarsr.restoring.settings import Settings


def adopt(
    found: Mapping[Path, Decision],
    job: FileJob,
    source_sha256: str,
    *,
    networks: Networks,
    settings: Settings,
    ledger: Ledger,
    reader: Reader,
) -> None:
    """Enter results that stand under the names that a job's results would get, as done.

    Checked is that each is a whole picture of the format that its name says, and that the result
    has the size that it would get. That it was made from this input, with these weights and these
    settings, cannot be seen from it and is taken for granted.

    Args:
        found: the files of a job's outputs; those whose decision says `adopt` are entered.
        job: whose results they are.
        source_sha256: of the bytes of its source.
        networks: what would restore.
        settings: how.
        ledger: of the output folder.
        reader: reads the files.

    Raises:
        ImageError: the source or a result cannot be read, or a result does not fit.
    """
    size = reader.decode(job.source, settings.read).size
    wanted = settings.target.size(*size)
    scale = settings.target.native_scale(*size, networks.scales)
    entry = Entry(
        target="",
        source=as_text(os.path.abspath(job.source)),
        state="done",
        source_sha256=source_sha256,
        settings=FileRestorer(networks, settings, reader).settings_text,
        weights_sha256=networks.record(scale).sha256,
        scale=settings.target.result_scale(*size, networks.scales),
    )
    fitting = [(path, decision) for path, decision in found.items() if decision.adopt]
    for path, _ in fitting:
        if path.suffix != ".html":  # what a page compares cannot be seen from it either
            _check(path, wanted if path == job.target else None, settings, reader)
    for path, decision in fitting:
        ledger.enter(
            replace(entry, target=ledger.key(path), result_sha256=decision.previous_sha256)
        )


def _check(path: Path, size: tuple[int, int] | None, settings: Settings, reader: Reader) -> None:
    """Raise an ImageError unless a file is a whole picture of its name's format and of `size`."""
    format = FORMATS[format_of(path) or "png"]
    try:
        pixels = 0 if size is None else size[0] * size[1]
        limit = max(settings.read.max_pixels, pixels)
        picture = reader.decode(path, replace(settings.read, max_pixels=limit, salvage=False))
        with Image.open(path) as image:
            found = image.format
    except (ImageError, OSError) as error:
        raise ImageError(f"{path} exists already and cannot be adopted ({error})") from error
    if found != format or size not in (None, picture.size):
        width, height = picture.size
        wanted = format if size is None else f"{format} of {size[0]}x{size[1]}"
        raise ImageError(
            f"{path} exists already and is {found} of {width}x{height}, not {wanted}: "
            "--overwrite replaces it"
        )
