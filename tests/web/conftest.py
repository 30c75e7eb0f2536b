"""Servers to ask: the command in a process of its own, and one here with fake networks."""

from __future__ import annotations

import asyncio
import io
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Generator, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest
import skimage.data
import uvicorn
from PIL import Image, ImageCms
from support.jobs import Make, Process

from jcarsr.engines.base import EngineOptions
from jcarsr.errors import JCARSRError, PixelLimitError
from jcarsr.web.app import create_app
from jcarsr.web.connections import Connections
from jcarsr.web.job import Job
from jcarsr.web.limits import Limits
from jcarsr.web.process import TaskError
from jcarsr.web.serve import listen
from jcarsr.web.service import ServerSettings, Service
from jcarsr.web.tasks import Answer, Performer, Restore, Task
from jcarsr.web.worker import WorkerSettings

WAIT = 60  # seconds after which what should have happened has not

Jpeg = Callable[..., bytes]


@pytest.fixture(scope="session")
def jpeg() -> Jpeg:
    """Small JPEGs: another piece of a photograph for every number."""
    source = skimage.data.coffee()

    def jpeg(number: int = 0, size: tuple[int, int] = (40, 32), **save: Any) -> bytes:
        width, height = size
        top = 7 * number % (source.shape[0] - height + 1)
        left = 11 * number % (source.shape[1] - width + 1)
        file = io.BytesIO()
        piece = Image.fromarray(source[top : top + height, left : left + width])
        piece.save(file, **{"format": "JPEG", "quality": 20, **save})
        return file.getvalue()

    return jpeg


@dataclass
class Running:
    """`jcarsr serve` in a process of its own."""

    url: str
    process: subprocess.Popen[str]
    folder: Path  # temporary files and home: all that it may write to
    log: Path  # its standard error

    @property
    def pid(self) -> int:
        return self.process.pid

    @property
    def workers(self) -> list[psutil.Process]:
        """Its processes that restore and look."""
        return psutil.Process(self.pid).children(recursive=True)

    @property
    def files(self) -> list[Path]:
        """What it has written."""
        return sorted(path for path in self.folder.rglob("*") if path.is_file())

    def end(self, number: int = signal.SIGTERM) -> int:
        """Send it a signal; its exit code."""
        self.process.send_signal(number)
        return self.process.wait(WAIT)


Serve = Callable[..., AbstractContextManager[Running]]


@pytest.fixture(scope="session")
def serve(tmp_path_factory: pytest.TempPathFactory) -> Serve:
    """Starts the command; at the end it must leave nothing: no file, no process, no word."""

    @contextmanager
    def serve(*options: object, port: int = 0) -> Generator[Running]:
        folder = tmp_path_factory.mktemp("serve")
        log = tmp_path_factory.mktemp("log") / "stderr"
        own = {name: str(folder) for name in ("TMPDIR", "HOME", "XDG_CACHE_HOME")}
        command = [sys.executable, "-m", "jcarsr", "serve", "--port", str(port)]
        command += ["--engine", "onnx", "--threads", "1", *map(str, options)]
        with log.open("w") as stderr, ExitStack() as stack:
            process = stack.enter_context(
                subprocess.Popen(
                    command, stdout=subprocess.PIPE, stderr=stderr, text=True, env=os.environ | own
                )
            )
            stack.callback(process.kill)
            assert process.stdout is not None
            line = process.stdout.readline()
            assert line.startswith("jcarsr serves at http"), log.read_text()
            running = Running(line.split()[3], process, folder, log)
            workers = running.workers
            yield running
            if process.poll() is None:
                assert running.end() == 0
            assert process.stdout.read() == ""
            assert log.read_text() == ""
            assert running.files == []
            assert list(folder.iterdir()) == []
            assert psutil.wait_procs(workers, timeout=WAIT)[1] == []

    return serve


@pytest.fixture(scope="session")
def server(serve: Serve) -> Iterator[Running]:
    """`jcarsr serve` as it is by default, for all tests together."""
    with serve() as running:
        yield running


@pytest.fixture
def client(server: Running) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=server.url, timeout=WAIT, verify=False) as client:  # no HTTPS
        yield client


@dataclass
class Fakes:
    """What stands for the networks of a server in this process, and what they were asked for."""

    open: threading.Event = field(default_factory=threading.Event)  # restoring goes on when set
    begun: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(0))
    stopped: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(0))
    size: int = 0  # bytes of a result; 0 = that of a picture
    performed: list[Task] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.open.set()


class FakeProcess:
    """Enlarges by repeating pixels, as soon as it may; looks at pictures as the real one does."""

    def __init__(self, settings: WorkerSettings, fakes: Fakes) -> None:
        self._performer = Performer(EngineOptions(), settings.max_pixels, settings.max_memory)
        self._fakes = fakes
        self._turn = asyncio.Lock()

    async def start(self) -> None:
        pass

    async def stop(self) -> None:
        pass

    async def perform(
        self, task: Task, on_tile: Callable[[int, int], None] = lambda done, total: None
    ) -> Answer:
        async with self._turn:
            self._fakes.performed.append(task)
            if isinstance(task, Restore):
                self._fakes.begun.release()
                try:
                    while not self._fakes.open.is_set():
                        await asyncio.sleep(0.002)
                except asyncio.CancelledError:
                    self._fakes.stopped.release()
                    raise
                return self._enlarge(task)
            try:
                return await asyncio.to_thread(self._performer.perform, task)
            except JCARSRError as error:
                status = 413 if isinstance(error, PixelLimitError) else 422
                raise TaskError(status, str(error)) from error

    def _enlarge(self, task: Restore) -> Answer:
        with Image.open(task.source) as image:
            size = (image.width * task.scale, image.height * task.scale)
            image.resize(size, Image.Resampling.NEAREST).save(task.result)
        if self._fakes.size:
            Path(task.result).write_bytes(bytes(self._fakes.size))
        told = {"width": size[0], "height": size[1], "scale": task.scale}
        return {**told, "weights": "nearest", "notes": []}


@pytest.fixture
def fakes(monkeypatch: pytest.MonkeyPatch) -> Fakes:
    """Services of this process have fake networks."""
    fakes = Fakes()
    monkeypatch.setattr("jcarsr.web.service.WorkerProcess", lambda said: FakeProcess(said, fakes))
    return fakes


@dataclass
class Here:
    """A server in a thread of this process."""

    url: str
    address: tuple[str, int]
    service: Service
    folder: Path  # of the files of its jobs

    def connect(self, source: str = "127.0.0.1") -> socket.socket:
        """A connection without an HTTP client that means well, from an address of this computer."""
        return socket.create_connection(self.address, timeout=WAIT, source_address=(source, 0))


ServeHere = Callable[..., AbstractContextManager[Here]]


@pytest.fixture
def serve_here(
    fakes: Fakes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., AbstractContextManager[Here]]:
    """Starts a server with fake networks in a thread; at the end it must have deleted all files."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))

    @contextmanager
    def serve_here(
        *,
        hosts: tuple[str, ...] = (),
        proxied: tuple[str, ...] = (),
        workers: int = 1,
        token: str | None = None,
        **limits: Any,
    ) -> Generator[Here]:
        ready, server = threading.Event(), list[Any]()
        listener = listen("127.0.0.1", 0)
        address = listener.getsockname()

        async def run() -> None:
            settings = ServerSettings(workers=workers, token=token, limits=Limits(**limits))
            async with Service(settings) as service:
                config = uvicorn.Config(
                    create_app(service, hosts, proxied),
                    http=Connections(settings.limits).protocol(),
                    ws="none",
                    lifespan="off",
                    log_config=None,
                    timeout_graceful_shutdown=1,
                )
                server[:] = uvicorn.Server(config), service
                asyncio.get_running_loop().call_soon(ready.set)
                await server[0].serve(sockets=[listener])

        thread = threading.Thread(target=lambda: asyncio.run(run()), daemon=True)
        thread.start()
        assert ready.wait(WAIT)
        try:
            folder = next(tmp_path.glob("jcarsr-serve-*"))
            yield Here(f"http://127.0.0.1:{address[1]}", address, server[1], folder)
        finally:
            server[0].should_exit = True
            thread.join(WAIT)
        assert not thread.is_alive()
        assert list(tmp_path.glob("jcarsr-serve-*")) == []

    return serve_here


@pytest.fixture
def process() -> Process:
    return Process()


@pytest.fixture
def make(tmp_path: Path) -> Make:
    """Jobs named by numbers, whose upload has 10 bytes."""

    def make(number: int, *, pixels: int = 100, bytes: int = 90, scale: int = 2) -> Job:
        folder = tmp_path / str(number)
        folder.mkdir()
        (folder / "upload").write_text("0123456789")
        source, result = str(folder / "upload"), str(folder / "result.png")
        task = Restore(source=source, result=result, scale=scale, weights="auto", quality=bytes)
        return Job(task=task, folder=folder, pixels=pixels)

    return make


@pytest.fixture
def rich(tmp_path: Path, jpeg: Jpeg) -> Path:
    """A photograph that lies on its side, with all metadata that there are."""
    exif = Image.Exif()
    exif[0x0112] = 6
    exif[0x010E] = "a description"
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    path = tmp_path / "rich.jpg"
    path.write_bytes(jpeg(3, (48, 32), exif=exif, icc_profile=profile, dpi=(150, 150)))
    return path


@pytest.fixture
def animation() -> bytes:
    frames = [Image.new("RGB", (24, 16), (90 * n, 0, 0)) for n in range(3)]
    file = io.BytesIO()
    frames[0].save(file, "GIF", save_all=True, append_images=frames[1:], duration=[50, 70, 90])
    return file.getvalue()


@pytest.fixture
def truncated(jpeg: Jpeg) -> bytes:
    """A picture whose header is whole."""
    return jpeg(size=(120, 80))[:-200]
