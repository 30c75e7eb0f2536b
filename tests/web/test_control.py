"""What a result shall be, as tasks of a restoring process: sizes, ensembles, marks, crispness."""

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from support.pictures import xmp_value

from jcarsr import JCARSRConfig
from jcarsr.engines.base import EngineOptions
from jcarsr.errors import ImageError, JCARSRError, WeightsError
from jcarsr.image.metadata.xmp_record import IPTC, OURS
from jcarsr.networks.jcarsr.network import JCARSR
from jcarsr.pixels import Pixels
from jcarsr.web.network_size import has_crisp
from jcarsr.web.tasks import Convert, Performer, Restore
from jcarsr.weights import Record, crisp_name, write


@pytest.fixture
def performer(tiny_weights: Path, monkeypatch: pytest.MonkeyPatch) -> Performer:
    """One whose bundled weights for scale 2 are tiny."""
    folder = tiny_weights.parent / "pretrained"
    folder.mkdir()
    tiny_weights.rename(folder / "jcarsr-lite-x2.safetensors")
    monkeypatch.setattr("jcarsr.weights.bundled.PRETRAINED", folder)
    options = EngineOptions(engine="torch", threads=1)
    return Performer(options, max_pixels=20_000, max_memory=2**30)


@pytest.fixture
def source(tmp_path: Path, photo: Pixels) -> Path:
    Image.fromarray(photo[:20, :30]).save(tmp_path / "upload", "JPEG", quality=30)
    return tmp_path / "upload"


def task(source: Path, name: str = "a.png", **more: object) -> Restore:
    return Restore(
        source=str(source),
        result=str(source.with_name(name)),
        scale=2,
        weights="auto",
        **more,  # type: ignore[arg-type]
    )


def pixels(path: Path) -> Pixels:
    with Image.open(path) as image:
        return np.asarray(image.convert("RGB"))


@pytest.mark.parametrize(
    ("side", "value", "size"),
    [("width", 45, (45, 30)), ("height", 40, (60, 40)), ("long_side", 30, (30, 20))],
)
@pytest.mark.parametrize("weights", ["auto", "small"])
def test_any_side_may_be_asked_for(
    performer: Performer, source: Path, side: str, value: int, size: tuple[int, int], weights: str
) -> None:
    asked = {**vars(task(source, side=side, pixels=value)), "weights": weights}
    answer = performer.perform(Restore(**asked))
    assert (answer["width"], answer["height"]) == size
    assert answer["scale"] == (1 if size == (30, 20) else 2)
    assert answer["support"]["counted"] > 0


def test_more_than_the_networks_do_is_refused(performer: Performer, source: Path) -> None:
    with pytest.raises(JCARSRError, match="1000x667 is more than 4 times its 30x20"):
        performer.perform(task(source, side="width", pixels=1000))


def test_ensemble_is_another_picture(performer: Performer, source: Path) -> None:
    performer.perform(task(source))
    performer.perform(task(source, "b.png", ensemble=True))
    one, mean = pixels(source.with_name("a.png")), pixels(source.with_name("b.png"))
    assert np.abs(one.astype(int) - mean).max() > 0


def test_mark_names_the_kind_of_source(performer: Performer, source: Path) -> None:
    performer.perform(task(source, mark=True))
    with Image.open(source.with_name("a.png")) as image:
        assert xmp_value(image, (IPTC, "DigitalSourceType")) == (
            "http://cv.iptc.org/newscodes/digitalsourcetype/algorithmicallyEnhanced"
        )
    performer.perform(task(source, "b.png"))
    with Image.open(source.with_name("b.png")) as image:
        assert "xmp" not in image.info


class TestCrisp:
    @pytest.fixture
    def crisp(self, performer: Performer, source: Path, tiny: JCARSRConfig) -> Performer:
        """Crisp weights lie among the bundled ones."""
        torch.manual_seed(5)
        tensors = {k: v.numpy() for k, v in JCARSR(tiny).state_dict().items()}
        path = source.with_name("pretrained") / "jcarsr-crisp-lite-x2.safetensors"
        write(path, tensors, Record(name="jcarsr-crisp-lite-x2", **tiny.describe()))
        return performer

    def test_without_weights_there_is_none(self, performer: Performer, source: Path) -> None:
        assert crisp_name(2) is None
        assert not has_crisp()
        with pytest.raises(WeightsError, match="jcarsr-crisp-lite-x2 is not bundled"):
            performer.perform(task(source, crisp=0.5))

    def test_mix_afterwards_is_the_mix_at_once(self, crisp: Performer, source: Path) -> None:
        crisp.perform(task(source))
        assert crisp.perform(task(source, "crisp.png", crisp=1.0))["crisp"] == 1
        crisp.perform(task(source, "both.png", crisp=0.5, strength=0.5, mark=True))
        convert = Convert(
            source=str(source.with_name("a.png")),
            result=str(source.with_name("mixed.png")),
            quality=90,
            strength=0.5,
            recorded=0.5,
            crisp_result=str(source.with_name("crisp.png")),
            share=0.5,
            recorded_crisp=0.5,
            mark=True,
            before=str(source),
        )
        crisp.perform(convert)
        ours, theirs = (source.with_name(name) for name in ("mixed.png", "both.png"))
        assert ours.read_bytes() == theirs.read_bytes()
        with Image.open(ours) as image:
            assert "compositeWith" in (xmp_value(image, (IPTC, "DigitalSourceType")) or "")
            assert xmp_value(image, (OURS, "Crisp")) == "0.5"
            assert xmp_value(image, (OURS, "Strength")) == "0.5"

    def test_other_sizes_are_not_mixed(self, crisp: Performer, source: Path) -> None:
        crisp.perform(task(source))
        crisp.perform(task(source, "crisp.png", crisp=1.0, side="width", pixels=50))
        convert = Convert(
            source=str(source.with_name("a.png")),
            result=str(source.with_name("mixed.png")),
            quality=90,
            crisp_result=str(source.with_name("crisp.png")),
            share=0.5,
            before=str(source),
        )
        with pytest.raises(ImageError, match="its result is no picture of the same size"):
            crisp.perform(convert)
