"""The bank: every training pair, made once, held as uint8 on the training device.

Crops, flips and transpositions are one gather from flat buffers, so nothing is loaded while the
network trains.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import NamedTuple

import psutil
import torch
from torch import Tensor

from jcarsr.data.sources import SourcePicture
from jcarsr.degradation.draw import Distribution, Paired
from jcarsr.degradation.pipeline import low_resolution
from jcarsr.errors import DataError, MemoryLimitError, format_bytes
from jcarsr.jpeg.grid import BLOCK
from jcarsr.jpeg.last_save import LastSave
from jcarsr.pixels import Pixels, crop_to_multiple
from jcarsr.progress import OnProgress, ignore_progress


class Batch(NamedTuple):
    """Training crops, float32 RGB in [0, 1]."""

    lq: Tensor
    """(N, 3, P, P)."""
    lr: Tensor
    """(N, 3, P, P)."""
    hr: Tensor
    """(N, 3, scale * P, scale * P)."""
    tables: Tensor | None = None
    """(N, 2, 8, 8) of lq's last save, the steps for luma and chroma."""


@dataclass(frozen=True, kw_only=True)
class BankSettings:
    """What the bank holds of every picture."""

    scale: int
    histories: Distribution | Paired
    """Of the degraded versions."""
    patch_size: int
    """Of lr and lq, pixels; pictures smaller than a patch are left out."""
    candidates: int = 1
    """Crops drawn for each one used: the one with the most detail stays."""
    seed: int = 0
    tables: bool = False
    """Keep the last saves' tables; then all crops lie on the JPEG grid."""


class Bank:
    """All pictures end to end: hr (P_hr, 3), lr (P_lr, 3) and lq (versions, P_lr, 3), uint8."""

    def __init__(
        self, settings: BankSettings, sizes: Sequence[tuple[int, int]], device: torch.device
    ) -> None:
        """An empty bank for low-resolution pictures of the given (height, width)."""
        self.settings = settings
        size = torch.tensor(sizes)
        self.heights, self.widths = size[:, 0], size[:, 1]
        areas = self.heights * self.widths
        self.starts = areas.cumsum(0) - areas  # of each picture in lr; times scale^2 in hr
        total = int(areas.sum())
        self.lr = torch.empty((total, 3), dtype=torch.uint8, device=device)
        self.lq = torch.empty(
            (settings.histories.versions, total, 3), dtype=torch.uint8, device=device
        )
        self.hr = torch.empty((total * settings.scale**2, 3), dtype=torch.uint8, device=device)
        kept = (settings.histories.versions, len(sizes), 2, 8, 8) if settings.tables else (0,)
        self.tables = torch.ones(kept, device=device)
        positions = (self.heights - settings.patch_size + 1) * (
            self.widths - settings.patch_size + 1
        )
        self._chances = positions.double() / positions.sum()

    def __len__(self) -> int:
        return len(self.starts)

    def put(
        self,
        index: int,
        hr: Tensor,
        lr: Tensor,
        lq: Sequence[Tensor],
        tables: Sequence[Tensor] = (),
    ) -> None:
        """Store picture `index`: (H, W, 3) uint8 each; lq in the order of the histories.

        `tables`: (1, 2, 8, 8) for each lq, where the settings ask for them.
        """
        start, end = int(self.starts[index]), int(self.starts[index]) + lr[..., 0].numel()
        area = self.settings.scale**2
        self.hr[start * area : end * area] = hr.flatten(0, 1)
        self.lr[start:end] = lr.flatten(0, 1)
        for version, pixels in enumerate(lq):
            self.lq[version, start:end] = pixels.flatten(0, 1)
        for version, steps in enumerate(tables):
            self.tables[version, index] = steps[0]

    def draw(self, batch_size: int, generator: torch.Generator) -> Batch:
        """A random batch; the generator alone (on the CPU) decides which.

        Pictures are drawn by their number of crop positions, their versions evenly; half of the
        crops lie on the JPEG grid (with tables, all of them), half anywhere (FBCNN); all eight
        flips and turns are likely.
        """
        patch, device = self.settings.patch_size, self.lr.device
        crops = self._draw_crops(batch_size * self.settings.candidates, generator).to(device)
        low = _pixel_index(patch, crops)
        if self.settings.candidates > 1:
            keep = _most_detailed(self.lr[low], self.settings.candidates)
            low, crops = low[keep], crops.select(keep)
        high = _pixel_index(self.settings.scale * patch, crops.enlarge(self.settings.scale))
        versions = torch.randint(
            self.settings.histories.versions, (batch_size, 1, 1), generator=generator
        ).to(device, non_blocking=True)
        return Batch(
            lq=_to_float(self.lq[versions, low]),
            lr=_to_float(self.lr[low]),
            hr=_to_float(self.hr[high]),
            tables=self._tables(versions.flatten(), crops) if self.settings.tables else None,
        )

    def _tables(self, versions: Tensor, crops: _Crops) -> Tensor:
        """(N, 2, 8, 8): frequencies change places where a crop is transposed."""
        picture = torch.searchsorted(self.starts.to(crops.start.device), crops.start)
        tables = self.tables[versions, picture]
        return torch.where(crops.turn[:, 2].view(-1, 1, 1, 1), tables.mT, tables)

    def _draw_crops(self, count: int, generator: torch.Generator) -> _Crops:
        def below(limit: Tensor) -> Tensor:
            return (torch.rand(count, generator=generator) * limit).long()

        picture = torch.multinomial(self._chances, count, replacement=True, generator=generator)
        top = below(self.heights[picture] - self.settings.patch_size + 1)
        left = below(self.widths[picture] - self.settings.patch_size + 1)
        aligned = 1.0 if self.settings.tables else 0.5
        grid = torch.where(torch.rand(count, generator=generator) < aligned, BLOCK, 1)
        return _Crops(
            start=self.starts[picture],
            width=self.widths[picture],
            top=top - top % grid,
            left=left - left % grid,
            turn=torch.randint(2, (count, 3), generator=generator).bool(),
        )


class _Crops(NamedTuple):
    """Places of N crops in a flat buffer."""

    start: Tensor
    """(N,) of the picture."""
    width: Tensor
    """(N,) of the picture."""
    top: Tensor
    """(N,)."""
    left: Tensor
    """(N,)."""
    turn: Tensor
    """(N, 3): flip vertically, flip horizontally, transpose."""

    def enlarge(self, scale: int) -> _Crops:
        """The same crops in the high-resolution buffer."""
        start, width, top, left = (x * scale for x in self[:4])
        return _Crops(start * scale, width, top, left, self.turn)

    def to(self, device: torch.device) -> _Crops:
        """The same crops on another device, which is not waited for."""
        return _Crops(*(x.to(device, non_blocking=True) for x in self))

    def select(self, keep: Tensor) -> _Crops:
        """The crops at the positions `keep`."""
        return _Crops(*(x[keep] for x in self))


def build_bank(
    entries: Sequence[SourcePicture],
    settings: BankSettings,
    *,
    device: torch.device,
    workers: int,
    on_progress: OnProgress = ignore_progress,
) -> Bank:
    """Decode, shrink and compress every picture on `workers` threads.

    Raises:
        DataError: a picture cannot be decoded, none is as large as a patch, or the bank does not
            fit into the device's free memory.
    """
    scale = settings.scale
    with ThreadPoolExecutor(workers) as pool:
        sizes = [(h // scale, w // scale) for h, w in pool.map(SourcePicture.size, entries)]
        kept = [i for i, size in enumerate(sizes) if min(size) >= settings.patch_size]
        if not kept:
            raise no_crop(settings.patch_size * scale)
        sizes = [sizes[i] for i in kept]
        refuse_if_too_large(bank_bytes(sizes, settings), device)
        bank = Bank(settings, sizes, device)

        def add(index: int) -> None:
            entry = entries[kept[index]]
            hr = crop_to_multiple(entry.pixels(), scale)
            lr = low_resolution(hr, scale, exact=False)
            versions = _degrade(entry, hr, lr, settings, f"{settings.seed}:{kept[index]}")
            lq = [torch.from_numpy(pixels) for pixels, _ in versions]
            tables = [torch.from_numpy(save.tables) for _, save in versions if settings.tables]
            bank.put(index, torch.from_numpy(hr.copy()), torch.from_numpy(lr), lq, tables)

        for done, _ in enumerate(pool.map(add, range(len(kept))), start=1):
            on_progress(done, len(kept))
    return bank


def no_crop(side: int) -> DataError:
    """The error of pictures that are all smaller than a crop."""
    return DataError(f"no picture has the {side}x{side} pixels of a training crop")


def _degrade(
    entry: SourcePicture, hr: Pixels, lr: Pixels, settings: BankSettings, seed: str
) -> list[tuple[Pixels, LastSave]]:
    """The degraded versions of one picture, each with its last save."""
    if isinstance(settings.histories, Paired):
        assert entry.lq is not None
        return [(entry.lq.pixels(), entry.lq.last_save())]
    histories = settings.histories.draw(settings.scale, seed)
    return [(history(hr, lr), history.last_save) for history in histories]


def bank_bytes(sizes: Sequence[tuple[int, int]], settings: BankSettings) -> int:
    """Bytes of a bank of low-resolution pictures of the given (height, width)."""
    pixels = sum(height * width for height, width in sizes)
    return 3 * pixels * (settings.scale**2 + 1 + settings.histories.versions)


def refuse_if_too_large(needed: int, device: torch.device) -> None:
    """Raise a MemoryLimitError unless `needed` bytes leave a tenth of the device's free memory."""
    if device.type == "cuda":
        unused = torch.cuda.memory_reserved(device) - torch.cuda.memory_allocated(device)
        free = torch.cuda.mem_get_info(device)[0] + unused  # of what PyTorch keeps for itself
    else:
        free = psutil.virtual_memory().available
    if needed > 0.9 * free:
        raise MemoryLimitError(
            f"the training bank needs {format_bytes(needed)} and {device} has {format_bytes(free)} "
            "free: give fewer pictures or fewer versions of each"
        )


def _pixel_index(patch: int, crops: _Crops) -> Tensor:
    """(N, patch, patch) positions in the flat buffer, flips and turns included."""
    ahead = torch.arange(patch, device=crops.start.device)
    flip_y, flip_x, transpose = crops.turn.view(-1, 3, 1, 1).unbind(1)
    y = torch.where(flip_y, patch - 1 - ahead.view(1, -1, 1), ahead.view(1, -1, 1))
    x = torch.where(flip_x, patch - 1 - ahead.view(1, 1, -1), ahead.view(1, 1, -1))
    row = torch.where(transpose, y.transpose(1, 2), y)
    column = torch.where(transpose, x.transpose(1, 2), x)
    start, width, top, left = (v.view(-1, 1, 1) for v in crops[:4])
    return start + (top + row) * width + left + column


def _most_detailed(pixels: Tensor, candidates: int) -> Tensor:
    """(candidates * N, H, W, 3) -> (N,): of each N-th crop, the position of the most varied."""
    detail = pixels.float().flatten(1).std(1).view(candidates, -1)
    best = detail.argmax(0)
    return best * detail.shape[1] + torch.arange(detail.shape[1], device=best.device)


def _to_float(pixels: Tensor) -> Tensor:
    """(N, H, W, 3) uint8 -> (N, 3, H, W) float32 in [0, 1], channels last in memory."""
    return pixels.permute(0, 3, 1, 2).float() / 255
