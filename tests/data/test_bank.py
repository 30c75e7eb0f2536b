import io
from dataclasses import replace
from pathlib import Path

import numpy as np
import psutil
import pytest
import torch
from PIL import Image

from jcarsr import DataError
from jcarsr.data.bank import Bank, BankSettings, bank_bytes, build_bank
from jcarsr.data.sources import list_pictures
from jcarsr.degradation.draw import Once, Web
from jcarsr.degradation.pipeline import low_resolution
from jcarsr.errors import MemoryLimitError

CPU = torch.device("cpu")
ONE = Once(qfs=(10,), share_444=0)
SETTINGS = BankSettings(scale=2, histories=Once(qfs=(10, 50), share_444=0.5), patch_size=16)


def build(folder: Path, settings: BankSettings = SETTINGS) -> Bank:
    return build_bank(list_pictures([folder]), settings, device=CPU, workers=2)


@pytest.mark.parametrize(
    "histories", [SETTINGS.histories, Web(once=Once(qfs=(50,), share_444=0), repeated=2)]
)
def test_holds_every_picture_with_its_lr_and_degraded_versions(
    picture_folder: Path, histories: Once | Web
) -> None:
    bank = build(picture_folder, replace(SETTINGS, histories=histories))
    entries = list_pictures([picture_folder])
    assert len(bank) == 20
    area = 40 * 48
    for index in (0, 13):
        hr = entries[index].pixels()
        lr = low_resolution(hr, 2, exact=False)
        place = slice(index * area, (index + 1) * area)
        np.testing.assert_array_equal(bank.lr[place].numpy().reshape(40, 48, 3), lr)
        stored = bank.hr[index * 4 * area : (index + 1) * 4 * area]
        np.testing.assert_array_equal(stored.numpy().reshape(80, 96, 3), hr)
        for version, history in enumerate(histories.draw(2, f"0:{index}")):
            lq = bank.lq[version, place].numpy().reshape(40, 48, 3)
            np.testing.assert_array_equal(lq, history(hr, lr))


def test_crops_are_pieces_of_one_picture_turned_alike() -> None:
    """Pixels of a made-up bank encode their places; hr and lr must agree under all eight turns."""
    sizes = [(20, 30), (33, 17)]
    settings = BankSettings(scale=2, histories=ONE, patch_size=16)
    bank = Bank(settings, sizes, CPU)
    for index, (height, width) in enumerate(sizes):
        y, x = np.mgrid[:height, :width].astype(np.uint8)
        lr = torch.from_numpy(np.dstack([y, x, np.full_like(x, index)]))
        hr = lr.repeat_interleave(2, 0).repeat_interleave(2, 1)
        bank.put(index, hr, lr, [lr])
    batch = bank.draw(400, torch.Generator().manual_seed(0))
    assert batch.lq.shape == batch.lr.shape == (400, 3, 16, 16)
    assert torch.equal(batch.lq, batch.lr)
    assert torch.equal(batch.hr[..., ::2, ::2], batch.lr)
    assert torch.equal(batch.hr[..., 1::2, 1::2], batch.lr)
    places = (batch.lr * 255).round().int()
    steps = places[..., 1, 1] - places[..., 0, 0]  # how y and x run along a crop's diagonal
    assert steps[:, :2].abs().eq(1).all()
    assert steps[:, 2].eq(0).all()
    turns = torch.stack((places[:, 0, 0, 1] - places[:, 0, 0, 0], steps[:, 0], steps[:, 1]), 1)
    assert len(turns.unique(dim=0)) == 8


def test_half_of_the_crops_lie_on_the_jpeg_grid() -> None:
    bank = Bank(BankSettings(scale=2, histories=ONE, patch_size=16), [(200, 200)], CPU)
    y, x = np.mgrid[:200, :200].astype(np.uint8)
    lr = torch.from_numpy(np.dstack([y, x, x]))
    bank.put(0, lr.repeat_interleave(2, 0).repeat_interleave(2, 1), lr, [lr])
    crops = bank.draw(2000, torch.Generator().manual_seed(0)).lr.mul(255).round()
    corner = crops.amin((2, 3))[:, :2]
    share = (corner % 8 == 0).all(1).float().mean().item()
    assert share == pytest.approx(0.5 + 0.5 / 64, abs=0.04)


def test_candidates_prefer_detail() -> None:
    settings = BankSettings(scale=2, histories=ONE, patch_size=16, candidates=2)
    bank = Bank(settings, [(64, 64), (64, 64)], CPU)
    flat = torch.full((64, 64, 3), 7, dtype=torch.uint8)
    noise = torch.randint(0, 256, (64, 64, 3), dtype=torch.uint8)
    for index, lr in enumerate((flat, noise)):
        bank.put(index, lr.repeat_interleave(2, 0).repeat_interleave(2, 1), lr, [lr])
    batch = bank.draw(1000, torch.Generator().manual_seed(0))
    assert torch.equal(batch.hr[..., ::2, ::2], batch.lr)
    flat_share = (batch.lr.std((1, 2, 3)) == 0).float().mean().item()
    assert flat_share == pytest.approx(0.25, abs=0.05)


def test_draw_is_decided_by_the_generator(picture_folder: Path) -> None:
    bank = build(picture_folder)
    first, again, other = (bank.draw(4, torch.Generator().manual_seed(s)) for s in (1, 1, 2))
    assert all(torch.equal(a, b) for a, b in zip(first[:3], again[:3], strict=True))
    assert not torch.equal(first.lq, other.lq)


def test_small_pictures_are_left_out_and_only_small_ones_refused(picture_folder: Path) -> None:
    Image.new("RGB", (100, 20)).save(picture_folder / "small.png")
    assert len(build(picture_folder)) == 20
    with pytest.raises(DataError, match="192x192"):
        build(picture_folder, BankSettings(scale=4, histories=ONE, patch_size=48))


def test_too_large_is_refused_before_anything_is_made(
    picture_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    needed = bank_bytes([(40, 48)] * 20, SETTINGS)
    assert needed == 20 * 40 * 48 * 3 * (4 + 1 + 2)

    class Memory:
        available = int(needed / 0.9) - 10

    monkeypatch.setattr(psutil, "virtual_memory", Memory)
    with pytest.raises(
        MemoryLimitError, match="the training bank needs 788 KiB and cpu has 875 KiB free"
    ):
        build(picture_folder)


def test_tables_are_those_of_the_last_save_and_turn_with_the_crop(picture_folder: Path) -> None:
    """Versions are distinguished by their tables; a transposed crop has transposed ones."""
    histories = Once(qfs=(10, 50), share_444=0)
    bank = build(picture_folder, replace(SETTINGS, histories=histories, tables=True))
    batch = bank.draw(400, torch.Generator().manual_seed(0))
    assert batch.tables is not None
    expected = []
    for qf in (10, 50):
        file = io.BytesIO()
        Image.new("RGB", (8, 8)).save(file, "JPEG", quality=qf)
        with Image.open(file) as image:
            steps = torch.tensor([image.quantization[n] for n in (0, 1)]).float().view(2, 8, 8)
        expected += [steps, steps.mT]
    matches = torch.stack([(batch.tables == steps).all((1, 2, 3)) for steps in expected])
    assert matches.sum(0).eq(1).all()
    assert matches.sum(1).ge(50).all()


def test_with_tables_all_crops_lie_on_the_jpeg_grid() -> None:
    settings = BankSettings(scale=2, histories=ONE, patch_size=16, tables=True)
    bank = Bank(settings, [(64, 64), (200, 120)], CPU)
    for index, (height, width) in enumerate([(64, 64), (200, 120)]):
        y, x = np.mgrid[:height, :width].astype(np.uint8)
        lr = torch.from_numpy(np.dstack([y, x, np.full_like(x, index)]))
        hr = lr.repeat_interleave(2, 0).repeat_interleave(2, 1)
        steps = torch.full((1, 2, 8, 8), 1.0 + index)
        steps[:, :, 0, 7] = 9.0
        bank.put(index, hr, lr, [lr], [steps])
    batch = bank.draw(300, torch.Generator().manual_seed(0))
    assert batch.tables is not None
    places = (batch.lr * 255).round()
    assert (places.amin((2, 3))[:, :2] % 8 == 0).all()
    assert torch.equal(batch.tables[:, 0, 0, 0], 1 + places[:, 2, 0, 0])
    transposed = places[:, 0, 0, 1] != places[:, 0, 0, 0]  # y runs along the rows
    assert torch.equal(batch.tables[:, 1, 7, 0] == 9, transposed)
    assert 0 < transposed.float().mean() < 1
