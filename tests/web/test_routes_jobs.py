import asyncio
import io
import json
import socket
import threading
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import psutil
import pytest
from PIL import Image, ImageOps
from PIL.PngImagePlugin import PngInfo
from prometheus_client.parser import text_string_to_metric_families
from support.api import ASYNC, WAIT, Jpeg, open_image, post, problem, submitted, until
from support.pictures import xmp_value

from jcarsr.engines.base import EngineOptions
from jcarsr.image.metadata.xmp_record import OURS, SOURCE_TYPE
from jcarsr.methods.bicubic import Bicubic
from jcarsr.web.app import create_app
from jcarsr.web.service import ServerSettings, Service

Serve = Callable[..., AbstractContextManager[Any]]


@pytest.fixture
def standing(server: Any) -> psutil.Process:
    """The process that restores, stopped: what it is given lasts until it is killed."""
    process = worker(server)
    process.suspend()
    return process


def samples(client: httpx.Client) -> dict[str, float]:
    """Prometheus' own reading: name{label=value} -> value."""
    text = client.get("/metrics").text
    return {
        f"{sample.name}{sorted(sample.labels.items())}": sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


class TestJob:
    def test_from_the_upload_to_its_end(self, client: httpx.Client, rich: Path, jpeg: Jpeg) -> None:
        answer = post(client, "/v1/restore", rich.read_bytes(), headers=ASYNC, format="webp")
        assert answer.status_code == 202
        assert answer.headers["preference-applied"] == "respond-async"
        first, path = answer.json(), answer.headers["location"]
        assert path == f"/v1/jobs/{first['id']}"
        assert first["state"] in ("queued", "running")
        assert first["result"] is first["problem"] is first["expires_seconds"] is None

        said = until(client, path, "done")
        assert (said["progress"], said["position"], said["eta_seconds"]) == (1, None, None)
        assert 0 < said["seconds"] < WAIT
        assert 900 - WAIT < said["expires_seconds"] <= 900
        result = client.get(f"{path}/result")
        at_once = post(client, "/v1/restore", rich.read_bytes(), format="webp")
        assert result.content == at_once.content
        for name in ("content-type", "jcarsr-weights", "jcarsr-notes"):
            assert result.headers[name] == at_once.headers[name]
        assert said["result"].pop("support")["counted"] > 0
        assert said["result"] == {
            "format": "webp",
            "media_type": "image/webp",
            "width": 64,
            "height": 96,
            "bytes": len(result.content),
            "frames": None,
            "scale": 2,
            "weights": "jcarsr-lite-x2",
            "notes": [],
            "strength": 1.0,
            "crisp": 0.0,
        }

        assert client.delete(path).status_code == 204
        for method, gone in (
            ("GET", path),
            ("GET", f"{path}/result"),
            ("GET", f"{path}/before"),
            ("DELETE", path),
        ):
            assert problem(client.request(method, gone)) == (
                404,
                "no such job: it was deleted, its time is over, or it never was",
            )

    @pytest.mark.parametrize("format", ["jpg", "webp", "tiff", "avif", "png"])
    def test_saved_anew(self, client: httpx.Client, jpeg: Jpeg, format: str) -> None:
        path = submitted(client, jpeg())
        until(client, path, "done")
        image = open_image(client.get(f"{path}/result").content)
        answer = client.get(f"{path}/result", params={"format": format, "quality": 60})
        Image.init()  # all formats, by whose names their types are known
        kind = {"jpg": "JPEG", "tiff": "TIFF"}.get(format, format.upper())
        assert answer.headers["content-type"] == Image.MIME[kind]
        again, file = open_image(answer.content), io.BytesIO()
        full = {"jpg": {"subsampling": 0}, "avif": {"subsampling": "4:4:4"}}.get(format, {})
        image.save(file, kind, quality=60, **full)
        np.testing.assert_array_equal(np.array(again), np.array(open_image(file.getvalue())))
        client.delete(path)

    def test_what_it_loses_is_told(self, client: httpx.Client, jpeg: Jpeg, tmp_path: Path) -> None:
        texts = PngInfo()
        texts.add_text("prompt", "a cat")
        open_image(jpeg()).save(tmp_path / "a.png", pnginfo=texts)
        path = submitted(client, (tmp_path / "a.png").read_bytes(), mark="true", crisp="0.5")
        until(client, path, "done")
        for format, notes in (
            ("png", []),
            ("webp", ["its text (prompt), which webp cannot hold, was left out"]),
        ):
            for _ in range(2):  # made, and as it stands
                answer = client.get(f"{path}/result", params={"format": format, "strength": 0.5})
                assert json.loads(answer.headers["jcarsr-notes"]) == notes
                with open_image(answer.content) as image:
                    assert "compositeWith" in (xmp_value(image, SOURCE_TYPE) or "")
                    assert xmp_value(image, (OURS, "Crisp")) == "0.5"
        client.delete(path)

    def test_other_quality(self, client: httpx.Client, jpeg: Jpeg) -> None:
        path = submitted(client, jpeg(), format="jpg", quality="60")
        until(client, path, "done")
        own = client.get(f"{path}/result").content
        for same in ({"format": "jpg"}, {"quality": 60}):
            assert client.get(f"{path}/result", params=same).content == own
        assert len(client.get(f"{path}/result", params={"quality": 20}).content) < len(own)
        client.delete(path)

    def test_what_the_other_format_cannot_hold(
        self, client: httpx.Client, animation: bytes
    ) -> None:
        path = submitted(client, animation)
        until(client, path, "done")
        answer = client.get(f"{path}/result", params={"format": "jpg"})
        assert problem(answer)[0] == 422
        assert client.get(f"{path}/result", params={"format": "bmp"}).status_code == 422
        assert client.get(f"{path}/result", params={"quality": 0}).status_code == 422
        before = open_image(client.get(f"{path}/before").content)
        assert before.size == (48, 32)
        client.delete(path)

    @pytest.mark.parametrize("scale", [1, 2, 4])
    def test_before_is_the_papers_bicubic(
        self, client: httpx.Client, rich: Path, scale: int
    ) -> None:
        path = submitted(client, rich.read_bytes(), scale=scale)
        until(client, path, "done")
        upright = ImageOps.exif_transpose(Image.open(rich))
        expected = Bicubic(scale).restore(np.array(upright))
        for _ in range(2):
            answer = client.get(f"{path}/before")
            assert answer.headers["content-type"] == "image/png"
            np.testing.assert_array_equal(np.array(open_image(answer.content)), expected)
        client.delete(path)

    def test_one_that_fails(self, client: httpx.Client, truncated: bytes) -> None:
        path = submitted(client, truncated)
        said = until(client, path, "failed")
        assert said["problem"]["status"] == 422
        assert "truncated" in said["problem"]["detail"]
        for asked in ("result", "before"):
            assert problem(client.get(f"{path}/{asked}")) == (422, said["problem"]["detail"])
        client.delete(path)

    def test_too_early_and_deleted_while_it_is_worked_at(
        self, client: httpx.Client, server: Any, jpeg: Jpeg, standing: psutil.Process
    ) -> None:
        before = uploads(server)
        busy, waiting = submitted(client, jpeg()), submitted(client, jpeg())
        until(client, busy, "running")
        assert len(uploads(server) - before) == 2
        assert until(client, waiting, "queued")["position"] == 0
        for path, state in ((busy, "running"), (waiting, "queued")):
            for asked in ("result", "before"):
                answer = client.get(f"{path}/{asked}")
                assert problem(answer) == (409, f"not ready: the job is {state}")
        assert client.delete(busy).status_code == 204
        until(client, waiting, "done")
        assert not standing.is_running()
        assert client.delete(waiting).status_code == 204
        assert uploads(server) <= before


class TestOperation:
    def test_health(self, client: httpx.Client) -> None:
        assert client.get("/healthz").json() == {"status": "ok", "queued": 0, "running": 0}

    def test_metrics_move(self, client: httpx.Client, jpeg: Jpeg, truncated: bytes) -> None:
        post(client, "/v1/restore", jpeg())
        before = samples(client)
        assert post(client, "/v1/restore", jpeg(size=(40, 32))).status_code == 200
        assert post(client, "/v1/restore", truncated).status_code == 422
        after = samples(client)
        moved = {name: after[name] - before.get(name, 0) for name in after}
        assert moved["jcarsr_jobs_total[('state', 'done')]"] == 1
        assert moved["jcarsr_jobs_total[('state', 'failed')]"] == 1
        assert moved["jcarsr_jobs_total[('state', 'cancelled')]"] == 0
        assert moved["jcarsr_pixels_total[]"] == 40 * 32
        assert moved["jcarsr_job_seconds_count[('kind', 'Restore auto 2')]"] == 1
        for status, count in (("200", 1), ("422", 1)):
            label = f"[('route', '/v1/restore'), ('status', '{status}')]"
            assert moved[f"jcarsr_http_answers_total{label}"] == count
        assert after["jcarsr_queue_length[]"] == after["jcarsr_running_jobs[]"] == 0

    def test_metrics_tell_what_is_kept(self, client: httpx.Client, server: Any, jpeg: Jpeg) -> None:
        path = submitted(client, jpeg())
        until(client, path, "done")
        kept = sum(file.stat().st_size for file in server.files)
        assert samples(client)["jcarsr_kept_bytes[]"] == kept > 0
        client.delete(path)
        assert samples(client)["jcarsr_kept_bytes[]"] == sum(
            file.stat().st_size for file in server.files
        )


def uploads(running: Any) -> set[Path]:
    return {file for file in running.files if file.name == "upload"}


def worker(running: Any) -> psutil.Process:
    """The process that restores; the other one only looks."""
    (found,) = [p for p in running.workers if '"warm": true' in p.cmdline()[-1]]
    return found


class TestAccidents:
    def test_too_slow(self, jpeg: Jpeg, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """A process that stands still takes longer than any limit, however fast the computer."""
        monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
        settings = ServerSettings(engine=EngineOptions(engine="onnx", threads=1))

        async def life() -> None:
            async with Service(settings) as service:
                transport = httpx.ASGITransport(create_app(service))
                async with httpx.AsyncClient(transport=transport, base_url="http://a") as client:
                    (process,) = service._restoring
                    assert process._process is not None
                    standing = psutil.Process(process._process.pid)
                    standing.suspend()
                    service.jobs._limits = replace(settings.limits, seconds=0.5)
                    answer = await client.post("/v1/restore", files={"file": jpeg()})
                    assert problem(answer) == (503, "took longer than the 0.5 s allowed here")
                    assert not standing.is_running()
                    service.jobs._limits = settings.limits
                    answer = await client.post("/v1/restore", files={"file": jpeg()})
                    assert answer.status_code == 200  # by another process

        asyncio.run(life())

    def test_killed_from_outside(
        self, client: httpx.Client, jpeg: Jpeg, standing: psutil.Process
    ) -> None:
        path, next_one = submitted(client, jpeg()), submitted(client, jpeg())
        until(client, path, "running")
        standing.kill()
        said = until(client, path, "failed")
        assert said["problem"]["status"] == 500
        assert said["problem"]["detail"] == "the restoring process ended by SIGKILL"
        until(client, next_one, "done")
        assert client.get(f"{next_one}/result").status_code == 200
        for job in (path, next_one):
            client.delete(job)

    @pytest.mark.parametrize("state", ["running", "queued"])
    def test_a_client_that_goes_away_ends_its_job(
        self, client: httpx.Client, jpeg: Jpeg, standing: psutil.Process, state: str
    ) -> None:
        """Soon after its going; nothing is computed for nobody."""
        ahead = submitted(client, jpeg()) if state == "queued" else None
        if ahead:
            until(client, ahead, "running")
        name = "jcarsr_jobs_total[('state', 'cancelled')]"
        cancelled, began = samples(client)[name], time.monotonic()
        url = client.base_url
        request = httpx.Request("POST", url.join("/v1/restore"), files={"file": ("a", jpeg())})
        body = request.read()
        lines = [f"{name}: {value}" for name, value in request.headers.items()]
        head = "\r\n".join(["POST /v1/restore HTTP/1.1", *lines, "", ""]).encode()
        with socket.create_connection((url.host, url.port or 0)) as leaving:
            leaving.sendall(head + body)
            while not client.get("/healthz").json()[state]:
                assert time.monotonic() - began < WAIT
        while samples(client)[name] == cancelled:
            assert time.monotonic() - began < WAIT
            time.sleep(0.02)
        assert client.get("/healthz").json()["queued"] == 0
        if ahead:
            assert client.get(ahead).json()["state"] == "running"  # is not touched by it
            client.delete(ahead)
        assert post(client, "/v1/restore", jpeg()).status_code == 200

    @pytest.mark.parametrize("whole", [True, False])
    def test_a_client_that_goes_away_before_it_knows_its_job(
        self,
        serve_here: Serve,
        fakes: Any,
        jpeg: Jpeg,
        monkeypatch: pytest.MonkeyPatch,
        whole: bool,
    ) -> None:
        """In its upload, or while its picture is looked at: nobody would ever ask for the job."""
        fakes.open.clear()
        request = httpx.Request("POST", "http://a", files={"file": ("a", jpeg())})
        body, kind = request.read(), request.headers["content-type"]
        head = "POST /v1/restore HTTP/1.1\r\nHost: a\r\nPrefer: respond-async\r\n"
        head += f"Content-Type: {kind}\r\nContent-Length: {len(body)}\r\n\r\n"
        with serve_here() as here:
            looking, gone = threading.Event(), threading.Event()
            perform = here.service._looks.perform

            async def look(task: Any, client: str) -> Any:
                looking.set()
                while not gone.is_set():
                    await asyncio.sleep(0.01)
                await asyncio.sleep(0.1)  # until the server has been told
                return await perform(task, client)

            monkeypatch.setattr(here.service._looks, "perform", look)
            with here.connect() as connection:
                connection.sendall(head.encode() + (body if whole else body[:-100]))
                if whole:
                    assert looking.wait(WAIT)
            gone.set()
            began = time.monotonic()
            route = "[('route', '/v1/restore'), ('status', '202')]"
            with httpx.Client(base_url=here.url) as client:
                while "jcarsr_http_answers_total" + route not in samples(client) and whole:
                    assert time.monotonic() - began < WAIT
            assert here.service.jobs._jobs == {}
            while list(here.folder.iterdir()):
                assert time.monotonic() - began < WAIT
