"""The API as a client sees it: the real command, its networks, and what Pillow and we say of it."""

import io
import json
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
from PIL import Image
from support.api import WAIT, Jpeg, open_image, post, problem, submitted, until

import jcarsr
from jcarsr.cli import main

Command = Callable[..., str]


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
        assert answer.headers["content-type"] == Image.MIME[open_image(answer.content).format or ""]
        assert int(answer.headers["content-length"]) == len(answer.content)
        network = "jcarsr-lite-x4" if fields.get("scale") == 4 else "jcarsr-lite-x2"
        assert answer.headers["jcarsr-weights"] == network
        assert json.loads(answer.headers["jcarsr-notes"]) == []

    def test_metadata_stay(self, client: httpx.Client, rich: Path) -> None:
        kept = open_image(post(client, "/v1/restore", rich.read_bytes()).content)
        assert kept.size == (64, 96)  # upright
        assert kept.getexif()[0x010E] == "a description"
        assert kept.getexif().get(0x0112, 1) == 1
        assert kept.info["dpi"] == pytest.approx((150, 150), abs=0.1)
        bare = open_image(
            post(client, "/v1/restore", rich.read_bytes(), strip_metadata="true").content
        )
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
        restored = open_image(post(client, "/v1/restore", animation, format=format).content)
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
            "an animation, which jpg cannot hold: choose png, webp or avif",
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
        assert open_image(answer.content).size == (240, 160)
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
        got = open_image(client.get(f"{path}/result").content)
        np.testing.assert_array_equal(np.array(got), np.array(open_image(result.read_bytes())))
        before = open_image(client.get(f"{path}/before").content)
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
                np.testing.assert_array_equal(np.array(open_image(data)), np.array(expected))
