"""A lost ledger does not cost the folder: what fits is entered, what does not is refused."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from jcarsr.batch.ledger import FILE_NAME, Ledger
from jcarsr.batch.pipeline import run_jobs
from jcarsr.batch.plan import plan_jobs
from jcarsr.batch.worker import LedgerWorker
from jcarsr.restoring.outcome import Outcome
from jcarsr.restoring.outputs import Kind
from jcarsr.restoring.settings import Settings
from jcarsr.restoring.target import Target

X2 = Settings(target=Target(scale=2))
Run = Callable[..., list[Outcome]]


@pytest.fixture
def run(tmp_path: Path, networks: Any) -> Run:
    """Restore the folder `in`, four small pictures of which one is to be turned, to `out`."""
    (tmp_path / "in").mkdir()
    exif = Image.Exif()
    for number, exif[0x0112] in enumerate((1, 6, 1, 1)):
        pixels = np.random.default_rng(number).integers(0, 256, (24, 28, 3), np.uint8)
        Image.fromarray(pixels).save(tmp_path / "in" / f"{number}.png", exif=exif)

    def run(**options: Any) -> list[Outcome]:
        settings = options.pop("settings", X2)
        out = tmp_path / "out"
        plan = plan_jobs([tmp_path / "in"], out, size="x2", format=None, outputs=settings.outputs)
        with Ledger(out) as ledger:
            return list(run_jobs(LedgerWorker(networks, settings, ledger, **options), plan.jobs))

    return run


def states(outcomes: list[Outcome]) -> list[str]:
    return [outcome.state for outcome in outcomes]


@pytest.mark.parametrize("outputs", [("picture",), ("picture", "gradient")])
def test_after_the_ledger_is_lost(
    run: Run, tmp_path: Path, networks: Any, outputs: tuple[Kind, ...]
) -> None:
    settings = replace(X2, outputs=outputs)
    run(settings=settings)
    before = {path: path.stat().st_mtime_ns for path in (tmp_path / "out").glob("*.png")}
    (tmp_path / "out" / FILE_NAME).unlink()
    networks.before = lambda: pytest.fail("the network was asked")
    assert states(run(settings=settings)) == ["failed"] * 4  # now they are entered as failed
    assert states(run(settings=settings, adopt=True)) == ["adopted"] * 4
    assert states(run(settings=settings, adopt=True)) == ["skipped"] * 4
    assert states(run(settings=settings)) == ["skipped"] * 4
    assert {path: path.stat().st_mtime_ns for path in before} == before


def test_what_is_adopted_is_not_written_anew_when_a_map_is_missing(
    run: Run, tmp_path: Path
) -> None:
    settings = replace(X2, outputs=("picture", "gradient"))
    run(settings=settings)
    out = tmp_path / "out"
    (out / FILE_NAME).unlink()
    (out / "0_x2.gradient.png").unlink()
    (out / "1_x2.png").unlink()
    Image.new("RGB", (56, 48), "red").save(out / "0_x2.png")
    mine = (out / "0_x2.png").read_bytes()
    assert states(run(settings=settings, adopt=True)) == ["done", "done", "adopted", "adopted"]
    assert (out / "0_x2.png").read_bytes() == mine
    assert (out / "0_x2.gradient.png").exists()
    assert (out / "1_x2.png").exists()
    assert states(run(settings=settings)) == ["skipped"] * 4


def test_adopted_ones_are_ours_from_now_on(run: Run, tmp_path: Path) -> None:
    run()
    (tmp_path / "out" / FILE_NAME).unlink()
    run(adopt=True)
    Image.new("RGB", (28, 24)).save(tmp_path / "in" / "2.png")
    assert states(run()) == ["skipped", "skipped", "done", "skipped"]


def test_what_does_not_fit_is_left(run: Run, tmp_path: Path) -> None:
    run()
    out = tmp_path / "out"
    (out / FILE_NAME).unlink()
    Image.new("RGB", (56, 47)).save(out / "0_x2.png")  # another size
    whole = (out / "1_x2.png").read_bytes()
    (out / "1_x2.png").write_bytes(whole[: len(whole) // 2])
    Image.new("RGB", (56, 48)).save(out / "2_x2.png", "WEBP")  # not what its name says
    (out / "3_x2.png").rename(out / "kept")
    (out / "3_x2.png").symlink_to("kept")
    before = {path: path.read_bytes() for path in out.glob("*.png")}
    outcomes = run(adopt=True)
    assert states(outcomes) == ["failed"] * 4
    reasons = [str(outcome.error) for outcome in outcomes]
    assert (
        "0_x2.png exists already and is PNG of 56x47, not PNG of 56x48: --overwrite" in reasons[0]
    )
    assert "1_x2.png exists already and cannot be adopted (" in reasons[1]
    assert "2_x2.png exists already and is WEBP of 56x48, not PNG of 56x48" in reasons[2]
    assert "3_x2.png exists already: --overwrite replaces it" in reasons[3]
    assert {path: path.read_bytes() for path in before} == before


def test_result_that_was_edited_is_not_adopted(run: Run, tmp_path: Path) -> None:
    run()
    Image.new("RGB", (56, 48), "red").save(tmp_path / "out" / "0_x2.png")
    assert states(run(adopt=True)) == ["failed", "skipped", "skipped", "skipped"]


def test_without_results_all_is_restored(run: Run) -> None:
    assert states(run(adopt=True)) == ["done"] * 4
