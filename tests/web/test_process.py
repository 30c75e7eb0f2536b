import asyncio
import os
import signal
import subprocess
import sys
import time
from dataclasses import asdict, replace
from pathlib import Path

import psutil
import pytest
from PIL import Image

from jcarsr.engines.base import EngineOptions
from jcarsr.errors import JCARSRError
from jcarsr.image.facts import facts
from jcarsr.web import process as module
from jcarsr.web.process import TaskError, WorkerProcess
from jcarsr.web.tasks import Inspect, Restore
from jcarsr.web.worker import WorkerSettings

WAIT = 60  # seconds after which what should have happened has not
ONNX = EngineOptions(engine="onnx", threads=1)
COLD = WorkerSettings(max_pixels=4_000_000, max_memory=2**31, warm=False, engine=ONNX)


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    """Of several tiles, so that something is told before all is done."""
    path = tmp_path / "picture.jpg"
    Image.linear_gradient("L").resize((4000, 16)).convert("RGB").save(path)
    return path


def workers() -> list[psutil.Process]:
    """Processes of the kind that these tests start."""
    children = psutil.Process().children()
    return [child for child in children if "jcarsr.web.worker" in child.cmdline()]


def look(picture: Path) -> Inspect:
    return Inspect(source=str(picture), scale=2, weights="auto")


def restore(picture: Path, name: str = "result") -> Restore:
    result = str(picture.with_name(f"{name}.png"))
    return Restore(source=str(picture), result=result, scale=1, weights="auto")


def pid(process: WorkerProcess) -> int:
    assert process._process is not None
    return process._process.pid


async def begun(process: WorkerProcess, picture: Path) -> asyncio.Task[object]:
    """A task at which a process is working."""
    working, task = asyncio.Event(), restore(picture)
    running = asyncio.create_task(process.perform(task, lambda done, total: working.set()))
    async with asyncio.timeout(WAIT):
        await working.wait()
    return running


def test_a_life(picture: Path) -> None:
    """Tasks, one that is cancelled, a death from outside, and an end: one process after another."""

    async def life() -> None:
        process = WorkerProcess(COLD)
        await process.start()
        first = pid(process)
        await process.start()
        assert pid(process) == first  # it is there already
        assert os.getsid(first) != os.getsid(0)  # Ctrl-C is for the server alone

        answer = await process.perform(look(picture))
        expected = asdict(facts(picture))
        assert {name: answer[name] for name in ("width", "height", "format")} == {
            name: expected[name] for name in ("width", "height", "format")
        }
        with pytest.raises(TaskError, match="not a picture") as failed:
            await process.perform(look(Path(__file__)))
        assert failed.value.status == 422
        assert pid(process) == first  # what fails costs no process

        running = await begun(process, picture)
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running
        assert not psutil.pid_exists(first)

        assert (await process.perform(look(picture)))["width"] == 4000
        second = pid(process)
        running = await begun(process, picture)
        os.kill(second, signal.SIGKILL)
        with pytest.raises(TaskError) as failed:
            await running
        assert (failed.value.status, failed.value.detail) == (
            500,
            "the restoring process ended by SIGKILL",
        )

        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.05):  # too short to start another one
                await process.perform(look(picture))
        assert workers() == []
        assert (await process.perform(look(picture)))["width"] == 4000
        third = pid(process)
        os.kill(third, signal.SIGKILL)  # while it has nothing to do
        assert process._process is not None
        while process._process.returncode is None:  # until somebody has taken notice
            await asyncio.sleep(0.01)
        assert (await process.perform(look(picture)))["width"] == 4000
        last = pid(process)
        await process.stop()
        await process.stop()
        assert not psutil.pid_exists(last)

    asyncio.run(life())
    assert workers() == []


def test_one_task_at_a_time(picture: Path) -> None:
    with Image.open(picture) as image:
        image.crop((0, 0, 2000, 16)).save(picture)

    async def both() -> None:
        process = WorkerProcess(COLD)
        told: list[str] = []

        async def perform(name: str) -> None:
            await process.perform(restore(picture, name), lambda done, total: told.append(name))
            told.append(f"{name} is done")

        await asyncio.gather(perform("a"), perform("b"))
        await process.stop()
        end = told.index("a is done")
        assert set(told[:end]) == {"a"}
        assert end > 1
        assert set(told[end + 1 :]) == {"b", "b is done"}

    asyncio.run(both())


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        (replace(COLD, warm=True, engine=replace(ONNX, device="cuda")), "cuda"),
        (replace(COLD, warm=True, engine=replace(ONNX, precision="bfloat16")), "float32 or int8"),
    ],
)
def test_what_cannot_be_run_is_told_at_the_start(settings: WorkerSettings, said: str) -> None:
    async def start() -> None:
        process = WorkerProcess(settings)
        with pytest.raises(JCARSRError, match=said) as told:
            await process.start()
        assert "\n" not in str(told.value)

    asyncio.run(start())
    assert workers() == []


def test_one_that_does_not_start_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_START_SECONDS", 0.05)

    async def start() -> None:
        with pytest.raises(JCARSRError, match="too long to start"):
            await WorkerProcess(COLD).start()

    asyncio.run(start())
    assert workers() == []


def test_one_that_ends_by_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", "/bin/false")

    async def start() -> None:
        with pytest.raises(TaskError, match="the restoring process ended with exit code 1"):
            await WorkerProcess(COLD).start()

    asyncio.run(start())


def test_it_ends_with_its_server(tmp_path: Path) -> None:
    """Also with one that is killed, and cannot end it."""
    script = f"""
import asyncio
from jcarsr.engines.base import EngineOptions
from jcarsr.web.process import WorkerProcess
from jcarsr.web.worker import WorkerSettings

async def main():
    process = WorkerProcess({COLD!r})
    await process.start()
    print(process._process.pid, flush=True)
    await asyncio.sleep(60)

asyncio.run(main())
"""
    with subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE) as server:
        assert server.stdout is not None
        worker = psutil.Process(int(server.stdout.readline()))
        server.kill()
    began = time.monotonic()
    while worker.is_running() and worker.status() != psutil.STATUS_ZOMBIE:
        assert time.monotonic() - began < WAIT
        time.sleep(0.01)
