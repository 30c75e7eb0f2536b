"""`jcarsr ledger`."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from jcarsr.cli.options import on_one_line
from jcarsr.cli.shell import say

if TYPE_CHECKING:
    from jcarsr.batch.ledgers import Part


def ledger(
    out: Annotated[Path, typer.Argument(metavar="FOLDER", help="Of results.")],
    merge: Annotated[
        bool,
        typer.Option(
            "--merge", help="First make one ledger of those of all shards, and remove these."
        ),
    ] = False,
    check: Annotated[
        bool,
        typer.Option(
            "--check", help="Read every result and see whether it is as the ledger knows it."
        ),
    ] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="One JSON object on standard output.")
    ] = False,
    no_lock: Annotated[
        bool, typer.Option("--no-lock", help="For shares without locks: no run may be going on.")
    ] = False,
) -> None:
    """Count what the last run in a folder has done, of all its shards, and name what is missing.

    Exit code 0: every input of that run has its result.
    """
    from jcarsr.batch.ledgers import merge as merge_ledgers
    from jcarsr.batch.ledgers import survey

    if merge:
        count = merge_ledgers(out, lock=not no_lock)
        typer.echo(f"ledgers merged: {count}", err=True)
    parts = survey(out, lock=not no_lock, check=check)
    if as_json:
        say(json.dumps(_as_dictionary(parts)))
    else:
        _print(parts)
    if any(part.left or part.state != "ended" for part in parts):
        raise typer.Exit(1)


def _print(parts: Sequence[Part]) -> None:
    for part in parts:
        if part.shard.of > 1:
            said = _in_words([part]) if part.state == "ended" else part.state
            say(f"shard {part.shard}: {said}")
        for left in part.left:
            reason = on_one_line(f"{left.source}: {left.reason}")
            typer.echo(f"error: {reason}", err=True)
    unknown = [str(part.shard) for part in parts if part.state != "ended"]
    if unknown and parts[0].shard.of > 1:
        typer.echo(f"error: without the inputs of shard {', '.join(unknown)}", err=True)
    elif unknown:
        typer.echo("error: the run has not ended", err=True)
    say(_in_words(parts))


def _in_words(parts: Sequence[Part]) -> str:
    totals = _totals(parts)
    return f"{totals.pop('inputs')} inputs: " + ", ".join(f"{n} {k}" for k, n in totals.items())


def _totals(parts: Sequence[Part]) -> dict[str, int]:
    return {
        "inputs": sum(part.inputs for part in parts),
        "done": sum(part.done for part in parts),
        "failed": sum(part.count("failed") for part in parts),
        "missing": sum(part.count("missing") for part in parts),
    }


def _as_dictionary(parts: Sequence[Part]) -> dict[str, object]:
    return {
        **_totals(parts),
        "shards": [
            {"shard": str(part.shard), "state": part.state, **_totals([part])} for part in parts
        ],
        "left": [vars(left) for part in parts for left in part.left],
    }
