"""Options that several subcommands share, and how wrong ones are told."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from enum import StrEnum

import typer


class Device(StrEnum):
    """Where the network runs."""

    auto = "auto"
    cpu = "cpu"
    cuda = "cuda"


class Scale(StrEnum):
    """Output size over input size."""

    x2 = "2"
    x4 = "4"


@contextmanager
def usage_errors() -> Generator[None]:
    """A ValueError is about the value of an option: exit code 2 and one line."""
    try:
        yield
    except ValueError as error:
        typer.echo(f"error: {error}", err=True)
        raise typer.Exit(2) from error
