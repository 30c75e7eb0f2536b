import re
import subprocess
import sys
from pathlib import Path

from PIL import Image

ROOT = Path(__file__).parents[2]


def test_demo_prints_gains_and_writes_a_sheet_per_picture(tmp_path: Path) -> None:
    command = [sys.executable, str(ROOT / "examples" / "demo.py"), "--out", str(tmp_path)]
    out = subprocess.run(command, capture_output=True, text=True, check=True, timeout=180).stdout
    numbers = re.findall(r"QF \d+ +([\d.]+) / [\d.]+ +([\d.]+) / [\d.]+", out)
    assert len(numbers) == 3
    assert all(float(restored) > float(bicubic) for bicubic, restored in numbers)
    sheets = [Path(line.strip()) for line in out.splitlines() if line.endswith(".png")]
    assert sorted(sheets) == sorted(tmp_path.iterdir())
    for sheet in sheets:
        with Image.open(sheet) as image:
            image.verify()
