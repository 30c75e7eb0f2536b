"""What `jcarsr experiment fig6` and so on do."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from jcarsr.cli.experiment_run import make_conditions
from jcarsr.experiments.agenda import check_given, find_sets
from jcarsr.experiments.figures.catalog import FIGURES
from jcarsr.experiments.figures.scene import Scene
from jcarsr.experiments.given import parse_given, read_given
from jcarsr.experiments.jobs import Budget
from jcarsr.experiments.plan import TEST_SETS, Size
from jcarsr.experiments.store import ResultStore, known_rows
from jcarsr.protocols import Device, TrainingPrecision


def check_options(name: str, typed: Sequence[str]) -> None:
    """Refuse options that mean nothing for a figure.

    Args:
        name: a key of FIGURES.
        typed: the options of the command.

    Raises:
        ValueError: the first of them, and what the figure takes.
    """
    taken = FIGURES[name].options
    for option in typed:
        if option not in taken:
            raise ValueError(f"{option}: not of {name}, which takes {', '.join(taken)}")


def prepare_figure(
    name: str,
    *,
    data: Sequence[Path],
    sets: Sequence[Path],
    out: Path,
    size: Size,
    budget: Budget,
    given: Sequence[str],
    known: Sequence[Path],
    device: Device,
    precision: TrainingPrecision,
    pictures: Sequence[Path],
    picture: str | None,
    missing: Callable[[str], None],
) -> Callable[[], Path]:
    """What draws a figure of the networks that such a run of the tables has trained.

    Args:
        name: a key of FIGURES.
        data: as of the tables; not needed for real pictures.
        sets: folders of test sets; not needed for real pictures.
        out: the folder of results, in which the figure goes, too.
        size: of the networks.
        budget: of each.
        given: PRESET=FILE each.
        known: rows of earlier runs.
        device: that restores.
        precision: of the trainings.
        pictures: real ones, for Figure 9.
        picture: of a test set; None = where the methods differ most.
        missing: receives why something is left out.

    Returns:
        a function that draws and gives the file's path.

    Raises:
        ValueError: an option is missing or has a wrong value.
        DataError, WeightsError: a file cannot be used.
    """
    drawing = FIGURES[name]
    if drawing.plans and not (data and sets):
        raise ValueError(f"{name}: --data and --sets are needed, as of its tables")
    if not drawing.plans and not pictures:
        raise ValueError(f"{name}: --pictures is needed")
    conditions = make_conditions(data, size, budget, device, precision)
    check_given(drawing.plans, conditions, parse_given(given), also=drawing.given)
    weights = read_given(given, out / "given")
    found = find_sets(TEST_SETS, sets)[0] if drawing.plans else {}
    scene = Scene(
        store=ResultStore(out, known_rows(out, known)),
        conditions=conditions,
        sets=found,
        given=weights,
        pictures=pictures,
        picture=picture,
        device=device,
        missing=missing,
    )
    path = out / drawing.file

    def draw() -> Path:
        drawing.draw(scene, path)
        return path

    return draw
