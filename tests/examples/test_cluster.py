"""The examples for clusters, run as the schedulers would run them."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from jcarsr.batch.shard import Shard, parse_shard
from jcarsr.cli.commands import load_command

CLUSTER = Path(__file__).parents[2] / "examples" / "cluster"
SHOW = 'import sys; print("\\n".join(sys.argv[1:]))'


def restored_by(words: list[str], environment: dict[str, str], folder: Path) -> dict[str, object]:
    """The options that a shell gives to `jcarsr restore`, as the command understands them."""
    fake = folder / "jcarsr"
    fake.write_text(f"#!{sys.executable}\n{SHOW}\n")
    fake.chmod(0o755)
    path = f"{folder}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        words, env=environment | {"PATH": path}, capture_output=True, text=True, check=True
    )
    name, *arguments = done.stdout.splitlines()
    assert name == "restore"
    return load_command(name).make_context(name, arguments).params


@pytest.mark.skipif(sys.platform == "win32", reason="needs a shell")
def test_slurm_task_does_its_part(tmp_path: Path) -> None:
    environment = {
        "SLURM_ARRAY_TASK_ID": "7",
        "SLURM_ARRAY_TASK_COUNT": "100",
        "SLURM_CPUS_PER_TASK": "2",
    }
    script = ["bash", str(CLUSTER / "slurm.sh"), "/in of mine", "/out"]
    params = restored_by(script, environment, tmp_path)
    assert (params["inputs"], params["out"]) == (["/in of mine"], "/out")
    assert parse_shard(str(params["shard"])) == Shard(7, 100)
    assert params["threads"] == 2


@pytest.mark.skipif(sys.platform == "win32", reason="needs a shell")
def test_kubernetes_pods_do_every_part(tmp_path: Path) -> None:
    text = (CLUSTER / "kubernetes.yaml").read_text("utf-8")
    (count,) = re.findall(r"completions: (\d+)", text)
    (command,) = re.findall(r"- (exec jcarsr [^\n]+\n[^\n]+)\n", text)
    shell = ["/bin/sh", "-c", " ".join(command.split())]
    for index in (0, int(count) - 1):
        params = restored_by(shell, {"JOB_COMPLETION_INDEX": str(index)}, tmp_path)
        assert parse_shard(str(params["shard"])) == Shard(index + 1, int(count))
