import numpy as np
import pytest
import skimage.filters
import torch

from jcarsr import JCARSR, JCARSRConfig
from jcarsr.data.bank import Batch
from jcarsr.loss_weights import LossWeights
from jcarsr.losses import texture_loss
from jcarsr.networks.arcnn import ARCNN, ARCNNConfig
from jcarsr.networks.edsr import EDSR, EDSRConfig
from jcarsr.networks.qgcn import QGCN, QGCNConfig
from jcarsr.training import task
from jcarsr.training.task import loss_terms


@pytest.fixture
def batch() -> Batch:
    return Batch(lq=torch.rand(2, 3, 8, 8), lr=torch.rand(2, 3, 8, 8), hr=torch.rand(2, 3, 16, 16))


def test_loss_is_the_weighted_sum(tiny: JCARSRConfig, batch: Batch) -> None:
    terms = loss_terms(JCARSR(tiny), batch, "absolute", LossWeights(harm=2))
    assert list(terms) == ["loss", "pixel", "gradient", "jcar", "harm"]
    parts = [terms[name] for name in ("pixel", "gradient", "jcar", "harm")]
    expected = sum(w * p for w, p in zip((1, 0.1, 0.5, 2), parts, strict=True))
    torch.testing.assert_close(terms["loss"], expected)


def test_terms_without_weight_are_not_computed(
    tiny: JCARSRConfig, batch: Batch, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*arguments: object) -> None:
        raise AssertionError("computed for nothing")

    for name in ("enlarge_bicubic", "gradient_loss", "charbonnier_loss", "texture_loss"):
        monkeypatch.setattr(task, name, refuse)
    terms = loss_terms(JCARSR(tiny), batch, "squared", LossWeights(gradient=0, jcar=0))
    assert list(terms) == ["loss", "pixel"]


def test_texture_is_a_term_of_the_restored_picture(tiny: JCARSRConfig) -> None:
    network, lq = JCARSR(tiny), torch.rand(2, 3, 12, 12)
    batch = Batch(lq=lq, lr=lq, hr=torch.rand(2, 3, 24, 24))
    terms = loss_terms(network, batch, "absolute", LossWeights(gradient=0, jcar=0, texture=5))
    assert list(terms) == ["loss", "pixel", "texture"]
    with torch.no_grad():
        expected = texture_loss(network(batch.lq).sr, batch.hr)
    torch.testing.assert_close(terms["texture"], expected)
    torch.testing.assert_close(terms["loss"], terms["pixel"] + 5 * terms["texture"])


def test_gradient_loss_of_the_restored_picture_itself(tiny: JCARSRConfig, batch: Batch) -> None:
    """Table 8: on the network's own output, with scikit-image's Sobel."""
    network = JCARSR(tiny)
    terms = loss_terms(network, batch, "absolute", LossWeights(jcar=0, sr_gradient=0.1))
    assert list(terms) == ["loss", "pixel", "gradient", "sr_gradient"]
    with torch.no_grad():
        pictures = network(batch.lq).sr.flatten(0, 1), batch.hr.flatten(0, 1)
    sr, hr = (np.stack([skimage.filters.sobel(plane) for plane in x.numpy()]) for x in pictures)
    expected = abs(sr - hr).mean()
    assert terms["sr_gradient"].item() == pytest.approx(expected, rel=1e-4)
    rest = terms["pixel"] + 0.1 * terms["gradient"]
    torch.testing.assert_close(terms["loss"], rest + 0.1 * terms["sr_gradient"])


def test_nothing_to_learn_is_refused(tiny: JCARSRConfig, batch: Batch) -> None:
    with pytest.raises(ValueError, match="every loss weight is 0"):
        loss_terms(JCARSR(tiny), batch, "squared", LossWeights(pixel=0, gradient=0, jcar=0))


def test_terms_need_the_networks_outputs(batch: Batch) -> None:
    """EDSR predicts sr alone: eq. 20 is eq. 17 there."""
    edsr = EDSR(EDSRConfig(scale=2, channels=8, num_blocks=1))
    terms = loss_terms(edsr, batch, "absolute", LossWeights())
    assert list(terms) == ["loss", "pixel"]
    assert terms["loss"] == terms["pixel"]
    with pytest.raises(ValueError, match=r"loss weight gradient = 0\.1: the network has no output"):
        loss_terms(edsr, batch, "absolute", LossWeights(gradient=0.1))


def test_what_keeps_the_size_is_held_against_lr(batch: Batch) -> None:
    network = ARCNN(ARCNNConfig(features=4, enhanced=4, mapped=4))
    terms = loss_terms(network, batch, "absolute", LossWeights())
    expected = (network(batch.lq).sr - batch.lr).abs().mean()
    torch.testing.assert_close(terms, {"loss": expected, "pixel": expected})


def test_tables_reach_the_network_that_reads_them(batch: Batch) -> None:
    config = QGCNConfig(channels=4, num_blocks=2, global_channels=1, global_hidden=4)
    network, tables = QGCN(config), torch.randint(1, 99, (2, 2, 8, 8)).float()
    terms = loss_terms(network, batch._replace(tables=tables), "absolute", LossWeights())
    torch.testing.assert_close(
        terms["loss"], (network(batch.lq, tables).sr - batch.lr).abs().mean()
    )
