"""`make site` with and without npm, by an environment whose programs only say they were called."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
MAKE = shutil.which("make")
pytestmark = pytest.mark.skipif(MAKE is None or os.name == "nt", reason="needs make and a shell")


def program(path: Path, script: str) -> None:
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)


@pytest.mark.parametrize(
    ("npm", "page", "code", "built", "said"),
    [
        (None, 0, 0, False, "note: no npm: the page for the browser is not built"),
        (1, 0, 0, False, "note: npm has no packages: the page for the browser is not built"),
        (0, 0, 0, True, ""),
        (0, 1, 2, False, ""),  # a page that cannot be built is no site
    ],
)
def test_site(
    tmp_path: Path, npm: int | None, page: int, code: int, built: bool, said: str
) -> None:
    commands, environment, log = tmp_path / "commands", tmp_path / "venv", tmp_path / "log"
    commands.mkdir()
    (environment / "bin").mkdir(parents=True)
    program(
        environment / "bin/python",
        f'echo "$1" >>{log}; case "$1" in tools/browser_page.py) exit {page};; esac',
    )
    program(environment / "bin/zensical", f"echo zensical >>{log}")
    if npm is not None:
        program(commands / "npm", f"exit {npm}")
    (environment / ".dev").touch()  # newer than what it is made from
    words = [str(MAKE), "site", f"VENV={environment}"]
    done = subprocess.run(
        words, cwd=ROOT, env={"PATH": str(commands)}, capture_output=True, text=True
    )
    assert done.returncode == code, done.stderr
    assert said in done.stderr
    called = log.read_text().split()
    whole = ["tools/site_pages.py", "zensical"]
    page_first = ["tools/browser_page.py"] if npm == 0 else []
    assert called == page_first + (whole if code == 0 else [])
    assert built is (page_first != [] and code == 0)
