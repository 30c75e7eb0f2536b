"""The usual picture sets: how they are laid out, how many pictures, their terms, where to get them.

The package downloads nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from jcarsr.data.sources import SourcePicture, list_pictures
from jcarsr.errors import DataError


@dataclass(frozen=True, kw_only=True)
class KnownSet:
    """A set of high-resolution pictures."""

    name: str
    count: int
    """Pictures."""
    use: str
    """Training or test."""
    folders: tuple[str, ...]
    """Where the pictures may lie in the set's folder; "" = directly."""
    licence: str
    how: str
    """To get it."""

    @property
    def instructions(self) -> str:
        """One line for somebody who does not have the set."""
        inside = " or ".join(folder or "the folder itself" for folder in self.folders)
        return f"{self.count} pictures in {inside}; {self.licence}; {self.how}"


_SELFEXSR = "linked from https://github.com/jbhuang0604/SelfExSR (keep the HR pictures)"


def _training_set(name: str, count: int, folder: str, licence: str, how: str) -> KnownSet:
    folders = (folder, "")
    return KnownSet(
        name=name, count=count, use="training", folders=folders, licence=licence, how=how
    )


def _test_set(name: str, count: int, licence: str, how: str = _SELFEXSR) -> KnownSet:
    folders = ("", "HR", "image_SRF_4")
    return KnownSet(name=name, count=count, use="test", folders=folders, licence=licence, how=how)


_SETS = (
    _training_set(
        "DIV2K",
        800,
        "DIV2K_train_HR",
        "for academic research only",
        "https://data.vision.ee.ethz.ch/cvl/DIV2K/ (DIV2K_train_HR.zip)",
    ),
    _training_set(
        "Flickr2K",
        2650,
        "Flickr2K_HR",
        "photographs keep their authors' licences, for academic research only",
        "https://cv.snu.ac.kr/research/EDSR/Flickr2K.tar",
    ),
    _test_set("Set5", 5, "no licence stated, used for research"),
    _test_set("Set14", 14, "no licence stated, used for research"),
    _test_set("B100", 100, "from the Berkeley Segmentation Dataset, non-commercial research"),
    _test_set("Urban100", 100, "Flickr photographs under Creative Commons"),
    _test_set(
        "Manga109",
        109,
        "for academic research after registration, may not be passed on",
        "apply at http://www.manga109.org/",
    ),
)

CATALOG: dict[str, KnownSet] = {known.name: known for known in _SETS}
"""Name of a set, which is also its folder's name -> what is known of it."""


def pictures_of(path: Path) -> list[SourcePicture]:
    """The pictures of a folder; a folder named like a known set must hold that set, whole.

    Raises:
        DataError: missing or without pictures (with instructions if the name is a known set's),
            or a known set's folder with another number of pictures.
    """
    known = CATALOG.get(path.name)
    if known is None:
        return list_pictures([path])
    inside = [path / folder for folder in known.folders if (path / folder).is_dir()]
    for folder in inside:
        try:
            entries = list_pictures([folder])
        except DataError:
            continue
        if len(entries) == known.count:
            return entries
    state = "does not hold the whole set" if inside else "no such folder"
    raise DataError(f"{path}: {state}. {known.name}: {known.instructions}")
