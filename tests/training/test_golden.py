"""Ten steps from a fixed seed: a change that should not change training leaves these losses."""

from dataclasses import replace
from pathlib import Path

import pytest

from jcarsr import JCARSRConfig
from jcarsr.degradation.draw import Once
from jcarsr.training import loop, validation
from jcarsr.training.options import RunOptions
from jcarsr.training.recipes import RECIPES
from jcarsr.training.report import Reporter, StepReport
from jcarsr.training.run import train

pytestmark = pytest.mark.filterwarnings("default")  # the engine warns of its own matters

# fmt: off
GOLDEN = {
    "paper": [0.123059, 0.146557, 0.142379, 0.134447, 0.124288,
              0.128222, 0.133154, 0.125618, 0.115884, 0.151625],
    "short": [0.152448, 0.145401, 0.143227, 0.138726, 0.148056,
              0.147618, 0.141877, 0.151936, 0.130265, 0.137614],
    "finish": [-0.0151224, -0.0179866, -0.0210445, -0.0221197, -0.0175078,
               -0.0189954, -0.019919, -0.0160492, -0.0288066, -0.0230264],
    "settle": [0.543658, 0.495868, 0.490716, 0.46697, 0.529371,
               0.528278, 0.515623, 0.569535, 0.429417, 0.4698],
}
# fmt: on


class Losses(Reporter):
    def __init__(self) -> None:
        self.values: list[float] = []

    def step(self, report: StepReport) -> None:
        self.values.append(report.losses["loss"])


@pytest.mark.parametrize("name", GOLDEN)
def test_ten_steps_have_the_stored_losses(
    name: str,
    tmp_path: Path,
    picture_folder: Path,
    tiny: JCARSRConfig,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(validation, "SIDE", 32)  # its scores are of no interest here
    monkeypatch.setattr(loop, "validate", lambda *arguments: {})
    histories = Once(qfs=(10, 40), share_444=0.2)
    recipe = replace(
        RECIPES[name], preset="tiny", batch_size=2, patch_size=16, max_steps=10, histories=histories
    )
    losses = Losses()
    options = RunOptions(
        data=[picture_folder], out=tmp_path, device="cpu", precision="float32", log_every=1
    )
    train(recipe, options, losses)
    assert losses.values == pytest.approx(GOLDEN[name], rel=1e-3)
