import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest
import skimage.data
from PIL import Image

from jcarsr.cli import main
from jcarsr.web.folder import locked_folder
from jcarsr.web.limits import Limits
from jcarsr.web.service import ServerSettings

WAIT = 60  # seconds after which what should have happened has not
COMMAND = [sys.executable, "-m", "jcarsr", "serve", "--engine", "onnx", "--threads", "1"]

Serve = Callable[..., "subprocess.Popen[str]"]


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Serve]:
    """Starts the command; its temporary files lie in a folder of this test."""
    processes: list[subprocess.Popen[str]] = []
    (tmp_path / "temporary").mkdir()

    def serve(*options: object) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [*COMMAND, *map(str, options)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=os.environ | {"TMPDIR": str(tmp_path / "temporary")},
        )
        processes.append(process)
        return process

    yield serve
    for process in processes:
        with process:
            process.kill()
    assert list((tmp_path / "temporary").iterdir()) == []


def url(process: subprocess.Popen[str]) -> str:
    """From the line that it says first."""
    assert process.stdout is not None
    line = process.stdout.readline()
    assert line.startswith("jcarsr serves at http://")
    assert line.endswith(" (Ctrl-C ends it)\n")
    return line.split()[3]


@pytest.fixture
def large(tmp_path: Path) -> bytes:
    """A picture that takes many seconds."""
    path = tmp_path / "large.jpg"
    Image.fromarray(skimage.data.astronaut()).resize((1024, 1024)).save(path)
    return path.read_bytes()


@pytest.mark.parametrize(
    "number",
    [
        signal.SIGINT,
        signal.SIGHUP,
        # has SIGHUP's handler, and ends a server at work below
        pytest.param(signal.SIGTERM, marks=pytest.mark.slow),
    ],
)
def test_signals_end_it_soon(serve: Serve, large: bytes, number: int) -> None:
    """In the middle of a job, which is not waited for, as the clients' answers say."""
    host = "0.0.0.0" if number == signal.SIGINT else "127.0.0.1"
    process = serve("--port", 0, "--host", host)
    address = url(process).replace("0.0.0.0", "127.0.0.1")
    children = psutil.Process(process.pid).children()
    answers: list[httpx.Response] = []

    def ask() -> None:
        with httpx.Client(base_url=address, timeout=WAIT) as client:
            answers.append(client.post("/v1/restore", files={"file": large}, data={"scale": 4}))

    threads = [threading.Thread(target=ask) for _ in range(2)]
    for thread in threads:
        thread.start()
    began = time.monotonic()
    while (said := httpx.get(f"{address}/healthz").json())["queued"] == 0 or not said["running"]:
        assert time.monotonic() - began < WAIT
        time.sleep(0.02)
    process.send_signal(number)
    out, err = process.communicate(timeout=WAIT)
    assert (process.returncode, out) == (0, "")
    note = "note: everybody who reaches this address may use it\n"
    assert err == (note if host == "0.0.0.0" else "")
    for thread in threads:
        thread.join(WAIT)
    assert [answer.status_code for answer in answers] == [503, 503]
    assert {answer.json()["detail"] for answer in answers} == {"the server is ending"}
    assert psutil.wait_procs(children, WAIT)[1] == []


@pytest.mark.parametrize(
    "number",
    [
        signal.SIGINT,
        signal.SIGHUP,
        pytest.param(signal.SIGTERM, marks=pytest.mark.slow),  # has SIGHUP's handler
    ],
)
def test_signal_while_it_starts(serve: Serve, number: int) -> None:
    """Before a client can know of it."""
    process = serve("--port", 0)
    began = time.monotonic()
    while not psutil.Process(process.pid).children():
        assert time.monotonic() - began < WAIT
        time.sleep(0.02)
    process.send_signal(number)
    out, err = process.communicate(timeout=WAIT)
    assert (process.returncode, out, err) == (130, "", "")


KILLED = """
import os, signal
from jcarsr.web.folder import locked_folder
with locked_folder() as folder:
    (folder / "upload").touch()
    os.kill(os.getpid(), signal.SIGKILL)
"""


def test_under_nohup_after_one_that_was_killed(
    serve: Serve, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It deletes what that one left, and a terminal that is closed does not end it."""
    temporary = tmp_path / "temporary"
    monkeypatch.setattr(tempfile, "tempdir", str(temporary))
    subprocess.run([sys.executable, "-c", KILLED], env=os.environ | {"TMPDIR": str(temporary)})
    with locked_folder() as living:
        (living / "upload").touch()
        assert len(list(temporary.rglob("upload"))) == 2
        before = signal.signal(signal.SIGHUP, signal.SIG_IGN)  # what a child inherits
        try:
            process = serve("--port", 0)
        finally:
            signal.signal(signal.SIGHUP, before)
        address = url(process)
        assert list(temporary.rglob("upload")) == [living / "upload"]
        process.send_signal(signal.SIGHUP)
        assert httpx.get(f"{address}/healthz").status_code == 200
        process.terminate()
        assert process.wait(WAIT) == 0


@pytest.mark.slow  # the test before asks the same of one server
def test_uploads_of_a_killed_server_are_deleted_by_the_next(
    serve: Serve, large: bytes, tmp_path: Path
) -> None:
    killed, living = serve("--port", 0), serve("--port", 0)
    for process in (killed, living):
        address, prefer = url(process), {"Prefer": "respond-async"}
        answer = httpx.post(f"{address}/v1/restore", files={"file": large}, headers=prefer)
        assert answer.status_code == 202
    uploads = sorted((tmp_path / "temporary").rglob("upload"))
    assert len(uploads) == 2
    killed.kill()
    killed.wait(WAIT)
    assert sorted((tmp_path / "temporary").rglob("upload")) == uploads
    third = serve("--port", 0)
    url(third)
    assert len(list((tmp_path / "temporary").rglob("upload"))) == 1
    living.terminate()
    third.terminate()
    assert (living.wait(WAIT), third.wait(WAIT)) == (0, 0)


def test_port_in_use(serve: Serve) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        out, err = (process := serve("--port", port)).communicate(timeout=WAIT)
    assert (process.returncode, out) == (1, "")
    assert err == f"error: cannot listen at 127.0.0.1:{port} (Address already in use)\n"


def test_without_the_extra() -> None:
    """Each missing in turn, in one process: what failed to be imported is tried anew."""
    missing = ("fastapi", "uvicorn", "prometheus_client")
    script = f"""
import sys
from jcarsr.cli import main
from jcarsr.web.folder import locked_folder
sys.argv = ["jcarsr", "serve", "--port", "0"]
for name in {missing}:
    sys.modules[name] = None  # any import of it fails
    try:
        main()
    except SystemExit as left:
        print(name, left.code)
    del sys.modules[name]
"""
    ended = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert ended.stdout.splitlines() == [f"{name} 1" for name in missing]
    assert ended.stderr.splitlines() == [
        f"error: this needs {name}: pip install 'jcarsr[web]'" for name in missing
    ]


class TestOptions:
    """What is made of them, without serving."""

    @pytest.fixture
    def run(
        self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> Callable[..., tuple[int, list[Any], str]]:
        def run(*options: object) -> tuple[int, list[Any], str]:
            """Exit code, what the server is called with, and standard error."""
            called: list[Any] = []
            monkeypatch.setattr("jcarsr.web.serve.serve", lambda *said: called.extend(said))
            monkeypatch.setattr("sys.argv", ["jcarsr", "serve", *map(str, options)])
            with pytest.raises(SystemExit) as left:
                main()
            return int(left.value.code or 0), called, capsys.readouterr().err

        return run

    def test_defaults(self, run: Callable[..., Any]) -> None:
        """Those of the library: for this computer alone."""
        code, (host, port, settings, hosts, _), err = run()
        assert (code, host, port, tuple(hosts), err) == (0, "127.0.0.1", 8000, (), "")
        assert settings == ServerSettings(limits=Limits())

    def test_limits(self, run: Callable[..., Any]) -> None:
        given = ("--max-upload", "2M", "--max-pixels", 1000, "--max-memory", "500M", "--queue", 3)
        given += ("--time-limit", 9, "--keep", "5G", "--keep-minutes", 2, "--workers", 4)
        given += ("--allow-host", "a", "--allow-host", "b", "--threads", 3)
        _, (_, _, settings, hosts, _), _ = run(*given)
        assert settings.limits == Limits(
            upload_bytes=2 * 2**20,
            pixels=1000,
            memory=500 * 2**20,
            queue=3,
            seconds=9,
            keep_bytes=5 * 2**30,
            keep_seconds=120,
        )
        assert (settings.workers, settings.engine.threads, hosts) == (4, 3, ["a", "b"])

    @pytest.mark.parametrize(
        ("given", "workers", "gpus"),
        [
            (("cuda:0,cuda:1",), 2, (0, 1)),
            (("cuda:all",), 2, (0, 1)),
            (("cuda:all", "--workers", 5), 5, (0, 1)),
            (("cuda:1", "--workers", 2), 2, (1,)),
            (("cuda",), 1, ()),
            (("cpu", "--workers", 2), 2, ()),
        ],
    )
    def test_gpus(
        self,
        run: Callable[..., Any],
        monkeypatch: pytest.MonkeyPatch,
        given: tuple[object, ...],
        workers: int,
        gpus: tuple[int, ...],
    ) -> None:
        monkeypatch.setattr("torch.cuda.is_available", lambda: True)
        monkeypatch.setattr("torch.cuda.device_count", lambda: 2)
        code, (_, _, settings, _, _), err = run("--device", *given)
        assert (code, err) == (0, "")
        assert (settings.workers, settings.gpus) == (workers, gpus)

    def test_token(self, run: Callable[..., Any], tmp_path: Path) -> None:
        path = tmp_path / "token"
        path.touch(0o600)
        path.write_text(f"{'abc' * 9}\n")
        code, (_, _, settings, _, _), err = run("--token-file", path)
        assert (code, settings.token, err) == (0, "abc" * 9, "")
        assert "abc" not in repr(settings)
        path.chmod(0o644)
        code, called, err = run("--token-file", path)
        assert (code, called) == (1, [])
        assert err == f"error: {path}: others may read or change it (mode 644): chmod 600\n"

    @pytest.mark.parametrize(
        "options",
        [
            ("--max-upload", "much"),
            ("--max-upload", "-1M"),
            ("--max-upload", "0M"),
            ("--keep", "1T"),
            ("--max-memory", ""),
            ("--port", -1),
            ("--port", 65536),
            ("--port", "http"),
            ("--workers", 0),
            ("--queue", 0),
            ("--max-pixels", 0),
            ("--time-limit", 0.5),
            ("--time-limit", "nan"),
            ("--time-limit", "inf"),
            ("--keep-minutes", 0),
            ("--keep-minutes", "nan"),
            ("--keep-minutes", "inf"),
            ("--threads", 0),
            ("--engine", "magic"),
            ("--engine", "onnx", "--precision", "bfloat16"),
            ("--engine", "onnx", "--device", "cuda"),
            ("--device", "gpu"),
            ("--device", "cuda:0,cuda:0"),
            ("--device", "cuda:0,cuda:1,cuda:2", "--workers", 2),
            ("--no-such-option",),
            ("an argument",),
        ],
    )
    def test_wrong_ones(self, run: Callable[..., Any], options: tuple[object, ...]) -> None:
        code, called, err = run(*options)
        assert (code, called) == (2, [])
        assert err
        assert "Traceback" not in err
