"""The API as a client sees it: the real command, its networks, and what Pillow and we say of it."""

import asyncio
import io
import json
import os
import signal
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from http import HTTPStatus
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import psutil
import pytest
from PIL import Image, ImageCms, ImageOps
from prometheus_client.parser import text_string_to_metric_families

import jcarsr
from jcarsr.cli import main

Jpeg = Callable[..., bytes]
Command = Callable[..., str]
Serve = Callable[..., AbstractContextManager[Any]]
WAIT = 60  # seconds after which what should have happened has not
ASYNC = {"Prefer": "respond-async"}


@pytest.fixture
def command(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Command:
    """A `jcarsr` command in this process; what it prints."""

    def command(*arguments: object) -> str:
        monkeypatch.setattr("sys.argv", ["jcarsr", *map(str, arguments)])
        capsys.readouterr()
        with pytest.raises(SystemExit) as left:
            main()
        assert not left.value.code
        return capsys.readouterr().out

    return command


@pytest.fixture(scope="module")
def restorer() -> jcarsr.Restorer:
    return jcarsr.Restorer(engine="onnx", threads=1)


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
def large(jpeg: Jpeg) -> bytes:
    """That takes seconds with the network for scale 4."""
    return jpeg(size=(600, 400))


@pytest.fixture
def truncated(jpeg: Jpeg) -> bytes:
    """A picture whose header is whole."""
    return jpeg(size=(120, 80))[:-200]


def post(client: httpx.Client, path: str, data: bytes, **fields: Any) -> httpx.Response:
    headers = fields.pop("headers", {})
    return client.post(path, files={"file": ("a", data)}, data=fields, headers=headers)


def opened(data: bytes) -> Image.Image:
    image = Image.open(io.BytesIO(data))
    image.load()
    return image


def problem(answer: httpx.Response) -> tuple[int, str]:
    """Status and detail, of what is a problem in every respect."""
    assert answer.headers["content-type"] == "application/problem+json"
    said = answer.json()
    assert [name for name in said if name != "salvage"] == ["type", "title", "status", "detail"]
    assert said["type"] == "about:blank"
    assert said["title"] == HTTPStatus(answer.status_code).phrase
    assert said["status"] == answer.status_code
    assert "\n" not in said["detail"]
    return answer.status_code, said["detail"]


def until(client: httpx.Client, path: str, *states: str) -> dict[str, Any]:
    """A job when it is in one of these states."""
    began = time.monotonic()
    while (said := client.get(path).json())["state"] not in states:
        assert time.monotonic() - began < WAIT, said
        time.sleep(0.01)
    return dict(said)


def submitted(client: httpx.Client, data: bytes, **fields: Any) -> str:
    """The path of a new job."""
    answer = post(client, "/v1/restore", data, headers=ASYNC, **fields)
    assert answer.status_code == 202, answer.text
    return str(answer.headers["location"])


def samples(client: httpx.Client) -> dict[str, float]:
    """Prometheus' own reading: name{label=value} -> value."""
    text = client.get("/metrics").text
    return {
        f"{sample.name}{sorted(sample.labels.items())}": sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


class TestService:
    def test_what_it_can_do(self, client: httpx.Client) -> None:
        said = client.get("/v1/service").json()
        assert said["scales"] == [1, 2, 4]
        assert said["formats"] == ["png", "jpg", "webp", "avif", "tiff"]
        assert said["weights"] == [
            {"name": "small", "available": True},
            {"name": "large", "available": False},
        ]

    def test_limits_are_those_that_hold(self, client: httpx.Client) -> None:
        """As the command's help tells its defaults."""
        assert client.get("/v1/service").json()["limits"] == {
            "upload_bytes": 32 * 2**20,
            "pixels": 25_000_000,
            "seconds": 600,
            "keep_seconds": 900,
            "queue": 32,
        }


class TestInspect:
    @pytest.mark.parametrize("scale", [1, 2, 4])
    def test_what_the_command_tells(
        self, client: httpx.Client, command: Command, rich: Path, scale: int
    ) -> None:
        expected = json.loads(command("inspect", "--json", rich, "--scale", scale))
        del expected["file"]
        answer = post(client, "/v1/inspect", rich.read_bytes(), scale=scale)
        assert answer.status_code == 200
        assert answer.json() == expected
        assert expected["upright"] == [32, 48]

    @pytest.mark.parametrize("kind", ["LA", "I;16", "P", "animation", "CMYK"])
    def test_other_kinds(
        self, client: httpx.Client, command: Command, tmp_path: Path, animation: bytes, kind: str
    ) -> None:
        path = tmp_path / "a"
        if kind == "animation":
            path.write_bytes(animation)
        else:
            Image.new(kind, (5, 4)).save(path, "TIFF" if kind == "CMYK" else "PNG")
        expected = json.loads(command("inspect", "--json", path))
        assert post(client, "/v1/inspect", path.read_bytes()).json() == {
            name: value for name, value in expected.items() if name != "file"
        }

    def test_sizes_of_networks(self, client: httpx.Client, jpeg: Jpeg) -> None:
        chosen = post(client, "/v1/inspect", jpeg(), weights="small").json()["weights"]
        assert (chosen["name"], chosen["bundled"]) == ("jcarsr-lite-x2", False)
        answer = post(client, "/v1/inspect", jpeg(), weights="large")
        assert problem(answer) == (422, "the large network is not trained yet for scale 2")


class TestRestore:
    @pytest.mark.parametrize(
        ("fields", "options", "name"),
        [
            ({}, [], "a.png"),
            ({"scale": 1}, ["--scale", 1], "a.png"),
            ({"scale": 4, "weights": "small"}, ["--scale", 4], "a.png"),
            ({"format": "jpg", "quality": 31}, ["--quality", 31], "a.jpg"),
            ({"format": "webp", "strip_metadata": "true"}, ["--strip-metadata"], "a.webp"),
            ({"format": "avif", "quality": 50}, ["--quality", 50], "a.avif"),
            ({"format": "tiff"}, [], "a.tiff"),
        ],
    )
    def test_file_is_the_commands(
        self,
        client: httpx.Client,
        command: Command,
        rich: Path,
        fields: dict[str, Any],
        options: list[Any],
        name: str,
    ) -> None:
        out = rich.with_name(name)
        command("restore", rich, "-o", out, "--engine", "onnx", "--threads", 1, *options)
        answer = post(client, "/v1/restore", rich.read_bytes(), **fields)
        assert answer.status_code == 200
        assert answer.content == out.read_bytes()
        assert answer.headers["content-type"] == Image.MIME[opened(answer.content).format or ""]
        assert int(answer.headers["content-length"]) == len(answer.content)
        network = "jcarsr-lite-x4" if fields.get("scale") == 4 else "jcarsr-lite-x2"
        assert answer.headers["jcarsr-weights"] == network
        assert json.loads(answer.headers["jcarsr-notes"]) == []

    def test_metadata_stay(self, client: httpx.Client, rich: Path) -> None:
        kept = opened(post(client, "/v1/restore", rich.read_bytes()).content)
        assert kept.size == (64, 96)  # upright
        assert kept.getexif()[0x010E] == "a description"
        assert kept.getexif().get(0x0112, 1) == 1
        assert kept.info["dpi"] == pytest.approx((150, 150), abs=0.1)
        bare = opened(post(client, "/v1/restore", rich.read_bytes(), strip_metadata="true").content)
        assert len(bare.getexif()) == 0
        assert "dpi" not in bare.info
        assert bare.info["icc_profile"] == kept.info["icc_profile"] != b""
        np.testing.assert_array_equal(np.array(bare), np.array(kept))

    def test_what_is_lost_is_told(
        self, client: httpx.Client, restorer: jcarsr.Restorer, tmp_path: Path
    ) -> None:
        source, frames = tmp_path / "a.gif", [Image.new("L", (8, 8), 99 * n) for n in range(2)]
        frames[0].save(source, save_all=True, append_images=frames[1:], loop=3)
        outcome = restorer.restore_file(source, tmp_path / "a.avif")
        assert outcome.notes
        answer = post(client, "/v1/restore", source.read_bytes(), format="avif")
        assert json.loads(answer.headers["jcarsr-notes"]) == list(outcome.notes)

    def test_gradient(self, client: httpx.Client, command: Command, rich: Path) -> None:
        out = rich.with_name("out.png")
        options = ["--engine", "onnx", "--threads", 1, "--save-gradient"]
        command("restore", rich, "-o", out, *options)
        for asked in ("png", "jpg"):  # it is always PNG
            answer = post(client, "/v1/restore", rich.read_bytes(), output="gradient", format=asked)
            assert answer.headers["content-type"] == "image/png"
            assert answer.content == rich.with_name("out.gradient.png").read_bytes()

    @pytest.mark.parametrize("format", ["png", "webp", "avif"])
    def test_animation(self, client: httpx.Client, animation: bytes, format: str) -> None:
        restored = opened(post(client, "/v1/restore", animation, format=format).content)
        assert (restored.n_frames, restored.size) == (3, (48, 32))
        durations = []
        for frame in range(3):
            restored.seek(frame)
            restored.load()
            durations.append(restored.info["duration"])
        assert durations == pytest.approx([50, 70, 90], abs=1)

    def test_what_a_format_cannot_hold(self, client: httpx.Client, animation: bytes) -> None:
        assert problem(post(client, "/v1/restore", animation, format="jpg")) == (
            422,
            "an animation, which jpg cannot hold: choose png, webp or avif, or --first-frame",
        )

    def test_nothing_is_kept(
        self, client: httpx.Client, server: Any, jpeg: Jpeg, truncated: bytes
    ) -> None:
        before = server.files
        assert post(client, "/v1/restore", jpeg()).status_code == 200
        assert post(client, "/v1/inspect", jpeg()).status_code == 200
        assert post(client, "/v1/restore", truncated).status_code == 422
        assert post(client, "/v1/restore", b"no picture").status_code == 422
        began = time.monotonic()
        while server.files != before and time.monotonic() - began < WAIT:
            time.sleep(0.01)
        assert server.files == before

    @pytest.mark.parametrize("output", ["picture", "gradient"])
    def test_salvage(self, client: httpx.Client, truncated: bytes, output: str) -> None:
        """Offered where something decodes, and done where it is asked for."""
        refused = post(client, "/v1/restore", truncated, output=output)
        assert (refused.status_code, refused.json()["salvage"]) == (422, True)
        assert "(salvage=true restores what there is)" in refused.json()["detail"]
        answer = post(client, "/v1/restore", truncated, output=output, salvage="true")
        assert answer.status_code == 200
        assert opened(answer.content).size == (240, 160)
        for data in (b"no picture", truncated[:300]):
            refused = post(client, "/v1/restore", data, output=output)
            assert refused.status_code == 422
            assert "salvage" not in refused.json()

    def test_salvaged_as_the_command_does(
        self, client: httpx.Client, command: Command, truncated: bytes, tmp_path: Path
    ) -> None:
        refused = submitted(client, truncated)
        assert until(client, refused, "failed")["problem"]["salvage"] is True
        assert client.get(f"{refused}/result").json()["salvage"] is True
        path = submitted(client, truncated, salvage="true")
        notes = until(client, path, "done")["result"]["notes"]
        assert any("truncated" in note for note in notes)
        (tmp_path / "cut.jpg").write_bytes(truncated)
        result, how = tmp_path / "result.png", ("--engine", "onnx", "--threads", 1)
        command("restore", tmp_path / "cut.jpg", "-o", result, "--salvage", *how)
        got = opened(client.get(f"{path}/result").content)
        np.testing.assert_array_equal(np.array(got), np.array(opened(result.read_bytes())))
        before = opened(client.get(f"{path}/before").content)
        assert before.size == got.size
        for each in (refused, path):
            assert client.delete(each).status_code == 204

    def test_every_client_gets_its_own(
        self, server: Any, jpeg: Jpeg, restorer: jcarsr.Restorer
    ) -> None:
        numbers = list(range(12))
        with (
            httpx.Client(base_url=server.url, timeout=WAIT) as client,
            ThreadPoolExecutor(12) as pool,
        ):
            restored = pool.map(lambda n: post(client, "/v1/restore", jpeg(n)).content, numbers)
            for number, data in zip(numbers, restored, strict=True):
                expected = restorer.restore(Image.open(io.BytesIO(jpeg(number))))
                np.testing.assert_array_equal(np.array(opened(data)), np.array(expected))


class TestWrong:
    @pytest.mark.parametrize(
        ("fields", "detail"),
        [
            ({"scale": "3"}, "scale: Input should be 1, 2 or 4"),
            ({"scale": "2.5"}, "scale: Input should be 1, 2 or 4"),
            ({"scale": "9" * 5000}, "scale: "),
            (
                {"weights": "../../etc/passwd"},
                "weights: Input should be 'auto', 'small' or 'large'",
            ),
            ({"format": "gif"}, "format: Input should be 'png', 'jpg', 'webp', 'avif' or 'tiff'"),
            ({"format": "png\x00"}, "format: Input should be"),
            ({"quality": "0"}, "quality: Input should be greater than or equal to 1"),
            ({"quality": "101"}, "quality: Input should be less than or equal to 100"),
            ({"quality": "1e9"}, "quality: Input should be a valid integer"),
            ({"strip_metadata": "perhaps"}, "strip_metadata: Input should be a valid boolean"),
            ({"output": "<script>"}, "output: Input should be 'picture' or 'gradient'"),
        ],
    )
    def test_fields(
        self, client: httpx.Client, jpeg: Jpeg, fields: dict[str, str], detail: str
    ) -> None:
        status, said = problem(post(client, "/v1/restore", jpeg(), **fields))
        assert status == 422
        assert said.startswith(detail)
        assert len(said) < 300

    def test_a_network_that_is_not_there(self, client: httpx.Client, jpeg: Jpeg) -> None:
        for scale, output in ((2, "picture"), (4, "picture"), (2, "gradient")):
            fields = {"weights": "large", "scale": scale, "output": output}
            detail = f"the large network is not trained yet for scale {scale}"
            assert problem(post(client, "/v1/restore", jpeg(), **fields)) == (422, detail)

    def test_what_is_no_form(self, client: httpx.Client, jpeg: Jpeg) -> None:
        form = "multipart/form-data"
        for content, kind, status in (
            (jpeg(), "image/jpeg", 422),
            (b"{}", "application/json", 422),
            (b"file=a", "application/x-www-form-urlencoded", 422),
            (jpeg(), form, 400),
            (jpeg(), f"{form}; boundary=B", 400),
            (
                b"--B\r\nContent-Disposition: form-data\r\n\r\na\r\n--B--\r\n",
                f"{form}; boundary=B",
                400,
            ),
            (b"", f"{form}; boundary=B", 422),
        ):
            answer = client.post("/v1/restore", content=content, headers={"Content-Type": kind})
            assert problem(answer)[0] == status, (kind, answer.text)

    def test_a_text_in_the_place_of_a_file(self, client: httpx.Client) -> None:
        assert problem(client.post("/v1/restore", files={"file": (None, "text")}))[0] == 422

    @pytest.mark.parametrize(
        "name",
        [
            "../../../x.png",
            "/etc/passwd",
            "<script>alert(1)</script>.jpg",
            'a".jpg',
            "a\r\nX-Evil: 1.jpg",
            "a\x00.jpg",
            "..",
            "C:\\nul",
            "ü" * 1000,
            "a.gif",
        ],
    )
    def test_names_of_files_do_not_matter(
        self, client: httpx.Client, server: Any, jpeg: Jpeg, name: str
    ) -> None:
        """They are in no answer, and in no name of ours."""
        answer = client.post("/v1/restore", files={"file": (name, jpeg())}, headers=ASYNC)
        assert answer.status_code == 202
        assert name not in answer.text + str(answer.headers)
        path = answer.headers["location"]
        said = until(client, path, "done")
        assert name not in json.dumps(said)
        assert {file.name for file in server.files} <= {"upload", "result.png"}
        assert client.delete(path).status_code == 204

    def test_methods(self, client: httpx.Client) -> None:
        for method, path, allowed in (
            ("GET", "/v1/restore", "POST"),
            ("POST", "/v1/service", "GET"),
            ("PATCH", "/v1/jobs/x", "GET"),
            ("DELETE", "/healthz", "GET"),
        ):
            answer = client.request(method, path)
            assert problem(answer) == (405, "Method Not Allowed")
            assert allowed in answer.headers["allow"]


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
        assert said["result"] == {
            "format": "webp",
            "media_type": "image/webp",
            "width": 64,
            "height": 96,
            "bytes": len(result.content),
            "scale": 2,
            "weights": "jcarsr-lite-x2",
            "notes": [],
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
        image = opened(client.get(f"{path}/result").content)
        answer = client.get(f"{path}/result", params={"format": format, "quality": 60})
        kind = {"jpg": "JPEG", "tiff": "TIFF"}.get(format, format.upper())
        assert answer.headers["content-type"] == Image.MIME[kind]
        again, file = opened(answer.content), io.BytesIO()
        full = {"jpg": {"subsampling": 0}, "avif": {"subsampling": "4:4:4"}}.get(format, {})
        image.save(file, kind, quality=60, **full)
        np.testing.assert_array_equal(np.array(again), np.array(opened(file.getvalue())))
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
        before = opened(client.get(f"{path}/before").content)
        assert before.size == (48, 32)
        client.delete(path)

    @pytest.mark.parametrize("scale", [1, 2, 4])
    def test_before_is_pillows_bicubic(self, client: httpx.Client, rich: Path, scale: int) -> None:
        path = submitted(client, rich.read_bytes(), scale=scale)
        until(client, path, "done")
        upright = ImageOps.exif_transpose(Image.open(rich))
        size = (32 * scale, 48 * scale)
        expected = upright.resize(size, Image.Resampling.BICUBIC)
        for _ in range(2):
            answer = client.get(f"{path}/before")
            assert answer.headers["content-type"] == "image/png"
            np.testing.assert_array_equal(np.array(opened(answer.content)), np.array(expected))
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
        self, client: httpx.Client, server: Any, jpeg: Jpeg, large: bytes
    ) -> None:
        busy = submitted(client, large, scale=4)
        waiting = submitted(client, jpeg())
        until(client, busy, "running")
        assert until(client, waiting, "queued")["position"] == 0
        for path, state in ((busy, "running"), (waiting, "queued")):
            for asked in ("result", "before"):
                answer = client.get(f"{path}/{asked}")
                assert problem(answer) == (409, f"not ready: the job is {state}")
        working = worker(server)
        assert client.delete(busy).status_code == 204
        until(client, waiting, "done")  # far sooner than the other would have been
        assert not working.is_running()
        assert client.delete(waiting).status_code == 204
        assert [file for file in server.files if b"JFIF" in file.read_bytes()[:20]] == []


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


def worker(running: Any) -> psutil.Process:
    """The process that restores; the other one only looks."""
    (found,) = [p for p in running.workers if '"warm": true' in p.cmdline()[-1]]
    return found


class TestAccidents:
    def test_too_slow(self, serve: Serve, jpeg: Jpeg, large: bytes) -> None:
        with (
            serve("--time-limit", 1) as running,
            httpx.Client(base_url=running.url, timeout=WAIT) as client,
        ):
            working = worker(running)
            answer = post(client, "/v1/restore", large, scale=4)
            assert problem(answer) == (503, "took longer than the 1 s allowed here")
            assert not working.is_running()
            assert post(client, "/v1/restore", jpeg()).status_code == 200  # by another process
            assert worker(running).pid != working.pid

    def test_killed_from_outside(
        self, client: httpx.Client, server: Any, jpeg: Jpeg, large: bytes
    ) -> None:
        path = submitted(client, large, scale=4)
        next_one = submitted(client, jpeg())
        until(client, path, "running")
        os.kill(worker(server).pid, signal.SIGKILL)
        said = until(client, path, "failed")
        assert said["problem"]["status"] == 500
        assert said["problem"]["detail"] == "the restoring process ended by SIGKILL"
        until(client, next_one, "done")
        assert client.get(f"{next_one}/result").status_code == 200
        for job in (path, next_one):
            client.delete(job)

    @pytest.mark.parametrize("state", ["running", "queued"])
    def test_a_client_that_goes_away_ends_its_job(
        self, client: httpx.Client, server: Any, jpeg: Jpeg, large: bytes, state: str
    ) -> None:
        """Soon after its going; nothing is computed for nobody."""
        ahead = submitted(client, large, scale=4) if state == "queued" else None
        if ahead:
            until(client, ahead, "running")
        name = "jcarsr_jobs_total[('state', 'cancelled')]"
        cancelled, began = samples(client)[name], time.monotonic()
        with (
            httpx.Client(base_url=server.url, timeout=0.3) as leaving,
            pytest.raises(httpx.ReadTimeout),
        ):
            post(leaving, "/v1/restore", large, scale=4)
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
