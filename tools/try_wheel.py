"""Install a built wheel in an empty environment and restore a picture by its command.

    python -m build && python tools/try_wheel.py dist

Exit code 0: the command made the picture it should have made.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import venv
from pathlib import Path

_PICTURE = """
import sys
from PIL import Image
Image.linear_gradient("L").resize((64, 48)).convert("RGB").save(sys.argv[1], quality=20)
"""
_CHECK = """
import sys
from PIL import Image
with Image.open(sys.argv[1]) as image:
    image.load()
    assert (image.format, image.size) == ("PNG", (128, 96)), image
"""


def try_wheel(folder: Path) -> None:
    """Install the one wheel of a folder and use it, in a temporary environment.

    Raises:
        ValueError: there is not one wheel.
        subprocess.CalledProcessError: it cannot be installed or used.
    """
    wheels = list(folder.glob("*.whl"))
    if len(wheels) != 1:
        raise ValueError(f"{folder}: has {len(wheels)} wheels, not one")
    with tempfile.TemporaryDirectory() as name:
        place = Path(name).resolve()
        venv.create(place / "env", with_pip=True)
        scripts = place / "env" / ("Scripts" if sys.platform == "win32" else "bin")

        def run(program: str, *arguments: object) -> None:
            # isolated: nothing of this repository, and no package of the user's, is found
            subprocess.run([scripts / program, *map(str, arguments)], cwd=place, check=True)

        run("python", "-m", "pip", "install", "--quiet", wheels[0].resolve())
        run("python", "-I", "-c", _PICTURE, "photo.jpg")
        run("jcarsr", "--version")
        run("jcarsr", "inspect", "photo.jpg")
        run("jcarsr", "restore", "photo.jpg")
        run("python", "-I", "-c", _CHECK, "photo_x2.png")


if __name__ == "__main__":
    try:
        try_wheel(Path(sys.argv[1]))
    except (ValueError, subprocess.CalledProcessError) as error:
        sys.exit(f"error: {error}")
