"""The usual picture sets: how they are laid out, how many pictures, their terms, where to get them.

The package downloads nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from jcarsr.data.sources import Entry, list_entries
from jcarsr.errors import DataError


@dataclass(frozen=True, kw_only=True)
class KnownSet:
    """A set of high-resolution pictures."""

    name: str
    count: int  # pictures
    use: str  # training or test
    folders: tuple[str, ...]  # where the pictures may lie in the set's folder; "" = directly
    licence: str
    how: str  # to get it

    @property
    def instructions(self) -> str:
        """One line for somebody who does not have the set."""
        inside = " or ".join(folder or "the folder itself" for folder in self.folders)
        return f"{self.count} pictures in {inside}; {self.licence}; {self.how}"


_SELFEXSR = "linked from https://github.com/jbhuang0604/SelfExSR (keep the HR pictures)"
_TEST_FOLDERS = ("", "HR", "image_SRF_4")

CATALOG: dict[str, KnownSet] = {
    known.name: known
    for known in (
        KnownSet(
            name="DIV2K",
            count=800,
            use="training",
            folders=("DIV2K_train_HR", ""),
            licence="for academic research only",
            how="https://data.vision.ee.ethz.ch/cvl/DIV2K/ (DIV2K_train_HR.zip)",
        ),
        KnownSet(
            name="Flickr2K",
            count=2650,
            use="training",
            folders=("Flickr2K_HR", ""),
            licence="photographs keep their authors' licences, for academic research only",
            how="https://cv.snu.ac.kr/research/EDSR/Flickr2K.tar",
        ),
        KnownSet(
            name="Set5",
            count=5,
            use="test",
            folders=_TEST_FOLDERS,
            licence="no licence stated, used for research",
            how=_SELFEXSR,
        ),
        KnownSet(
            name="Set14",
            count=14,
            use="test",
            folders=_TEST_FOLDERS,
            licence="no licence stated, used for research",
            how=_SELFEXSR,
        ),
        KnownSet(
            name="B100",
            count=100,
            use="test",
            folders=_TEST_FOLDERS,
            licence="from the Berkeley Segmentation Dataset, non-commercial research",
            how=_SELFEXSR,
        ),
        KnownSet(
            name="Urban100",
            count=100,
            use="test",
            folders=_TEST_FOLDERS,
            licence="Flickr photographs under Creative Commons",
            how=_SELFEXSR,
        ),
        KnownSet(
            name="Manga109",
            count=109,
            use="test",
            folders=_TEST_FOLDERS,
            licence="for academic research after registration, may not be passed on",
            how="apply at http://www.manga109.org/",
        ),
    )
}
"""Name of a set, which is also its folder's name -> what is known of it."""


def pictures_of(path: Path) -> list[Entry]:
    """The pictures of a folder; a folder named like a known set must hold that set, whole.

    Raises:
        DataError: missing or without pictures (with instructions if the name is a known set's),
            or a known set's folder with another number of pictures.
    """
    known = CATALOG.get(path.name)
    if known is None:
        return list_entries([path])
    inside = [path / folder for folder in known.folders if (path / folder).is_dir()]
    for folder in inside:
        try:
            entries = list_entries([folder])
        except DataError:
            continue
        if len(entries) == known.count:
            return entries
    state = "does not hold the whole set" if inside else "no such folder"
    raise DataError(f"{path}: {state}. {known.name}: {known.instructions}")
