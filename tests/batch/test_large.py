"""What memory a large picture takes, and what many small ones leave behind."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pytest
import skimage.data
from PIL import Image

from jcarsr.batch.ledger import Ledger
from jcarsr.batch.pipeline import run_jobs
from jcarsr.batch.plan import plan_jobs
from jcarsr.batch.worker import LedgerWorker
from jcarsr.restoring.settings import Settings
from jcarsr.restoring.target import Target

SCRIPT = """
import sys
from pathlib import Path
from types import SimpleNamespace
import numpy as np
from jcarsr import NetworkRestorer, Target
from jcarsr.batch.plan import FileJob
from jcarsr.restoring.settings import Settings
from jcarsr.batch.worker import LedgerWorker
from jcarsr.restoring.memory import DEFAULT_MAX_MEMORY
from jcarsr.networks.jcarsr.config import JCARSRConfig

class Hungry:
    "Enlarges by repetition, and takes as much memory as the full network."
    scale = 2
    bytes_per_pixel = JCARSRConfig(scale=2).facts.bytes_per_pixel("sr")
    def run(self, lq, *, full_precision=False):
        held = np.ones(lq[0, 0].size * self.bytes_per_pixel, np.uint8)
        return lq.repeat(2, 2).repeat(2, 3) + np.float32(0 * held[0])

networks = SimpleNamespace(
    tile=lambda scale: 512,
    scales=(2, 4),
    chooses=False,
    choose=lambda picture, scale: "hungry",
    max_memory=DEFAULT_MAX_MEMORY,
    record=lambda scale, name=None: SimpleNamespace(
        name=name, sha256="0", facts=JCARSRConfig(scale=2).facts
    ),
    restorer=lambda scale, name: NetworkRestorer(Hungry(), 512, DEFAULT_MAX_MEMORY),
)
peak = lambda: int(open("/proc/self/status").read().split("VmHWM:")[1].split()[0]) * 1024
before = peak()
worker = LedgerWorker(networks, Settings(target=Target(scale=2)))
job = FileJob(Path(sys.argv[1]), Path(sys.argv[2]))
worker.write(worker.restore(worker.read(job), lambda done, total: None))
print(peak() - before)
"""


@pytest.mark.slow
@pytest.mark.parametrize(("orientation", "alpha"), [(1, False), (6, False), (1, True)])
def test_hundred_megapixels_take_less_than_three_gib(
    tmp_path: Path, orientation: int, alpha: bool
) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (500, 500, 3), np.uint8)
    exif = Image.Exif()
    exif[0x0112] = orientation
    source, target = tmp_path / ("a.png" if alpha else "a.jpg"), tmp_path / "b.png"
    image = Image.fromarray(np.tile(noise, (10, 10, 1)))
    if alpha:
        image.putalpha(Image.linear_gradient("L").resize(image.size))
    image.save(source, quality=50, exif=exif, compress_level=1)
    command = [sys.executable, "-c", SCRIPT, str(source), str(target)]
    taken = int(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    assert 2**29 < taken < 3 * 2**30
    Image.MAX_IMAGE_PIXELS = None  # put back by a fixture
    with Image.open(target) as saved:
        assert saved.size == (10_000, 10_000)


@pytest.mark.slow
def test_memory_stays_flat_over_many_files(tmp_path: Path, networks: Any) -> None:
    """Two thousand real JPEGs, decoded, restored by repetition, written and entered."""
    folder, photo = tmp_path / "in", skimage.data.coffee()
    folder.mkdir()
    for number in range(2000):
        top, left = number % 40 * 6, number // 40 * 8
        crop = Image.fromarray(photo[top : top + 120, left : left + 160])
        crop.save(folder / f"{number:04}.jpg", quality=10 + number % 80)
    jobs = plan_jobs([folder], tmp_path / "out", size="x2", format=None).jobs
    process, resident = psutil.Process(), list[int]()
    with Ledger(tmp_path / "out") as ledger:
        worker = LedgerWorker(networks, Settings(target=Target(scale=2)), ledger)
        for outcome in run_jobs(worker, jobs):
            assert outcome.state == "done"
            resident.append(process.memory_info().rss)
    assert len(resident) == 2000
    grown = max(resident[200:]) - resident[199]
    print(f"grown by {grown / 2**20:.1f} MiB after 200 files")
    assert grown < 8 * 2**20  # the inputs alone are 9 MB, the results 400
