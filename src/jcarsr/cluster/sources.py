"""What there is to restore: the pictures of a store, or the rows of a table, each with its key."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from jcarsr.batch.names import place_results
from jcarsr.batch.search import search
from jcarsr.batch.shard import Shard
from jcarsr.cluster.store import FolderStore, Store
from jcarsr.errors import StorageError
from jcarsr.image import named_as_picture

_NO_NAMES = frozenset({"Cc", "Cs", "Zl", "Zp"})
"""Unicode's categories of what no name of a picture has: control characters, halves, line ends."""


@dataclass(frozen=True)
class Item:
    """One picture of a run."""

    key: str
    """Its path in the store, or its row's name."""
    target: str | None
    """The result's path in the output; None = it is refused."""
    reason: str | None = None
    """Why it is."""


def pictures_of(store: Store, out: Path | None) -> dict[str, str | None]:
    """Return the keys of a store's pictures, each with why it is refused, or None.

    Args:
        store: searched to the bottom; a folder as `jcarsr restore` searches it.
        out: the folder of results, which is left out of a folder.

    Raises:
        StorageError: it cannot be read, or a folder has no pictures.
    """
    if isinstance(store, FolderStore):
        found = search(store.root, out)
        refused = {path.relative_to(store.root).as_posix(): why for path, why in found.refused}
        if "." in refused:
            raise StorageError(f"{store.root}: {refused['.']}")
        keys = ((below / path.name).as_posix() for path, below in found.pictures)
        return {**refused, **dict.fromkeys(keys)}
    sizes: Mapping[str, int] = store.list()
    return {
        key: None if size else "an empty file, not a picture"
        for key, size in sizes.items()
        if named_as_picture(Path(key))
    }


def plan_items(
    keys: Mapping[str, str | None], shard: Shard, *, name: str, size: str, extension: str
) -> list[Item]:
    """Return a shard's part of the items, each with the path of its result.

    Args:
        keys: as `pictures_of` gives them.
        shard: which part.
        name: template of a result's name, as for `plan_jobs`.
        size: what {size} stands for.
        extension: of the results.

    Raises:
        ValueError: the template is wrong.
    """
    reasons = {key: why or _why_no_key(key) for key, why in keys.items()}
    good = [PurePosixPath(key) for key, why in reasons.items() if why is None]
    places, _ = place_results([(Path(key), Path(key.parent)) for key in good], name, size)
    targets = {str(k): f"{p.as_posix()}.{extension}" for k, p in zip(good, places, strict=True)}
    taken: dict[str, str] = {}
    items: list[Item] = []
    for key, why in reasons.items():
        target = targets[key] if why is None else None
        if target in taken:
            why, target = f"its result {target} is that of {taken[target]}", None
        elif target is not None:
            taken[target] = key
        items.append(Item(key, target, why))
    return [item for item in items if shard.owns(item.key)]


def find_repeated(keys: Iterable[str]) -> Sequence[str]:
    """Return the keys that there are more than once, each once."""
    seen, again = set[str](), dict[str, None]()
    for key in keys:
        if key in seen:
            again[key] = None
        seen.add(key)
    return list(again)


def _why_no_key(key: str) -> str | None:
    """Why a key cannot be the path of a result, None if it can."""
    path = PurePosixPath(key)
    if not path.name or path.is_absolute() or ".." in path.parts or str(path) != key:
        return "its key is no plain relative path, from which its result is named"
    if any(unicodedata.category(character) in _NO_NAMES for character in key):
        return "its key has control characters, or bytes that are no text"
    return None
