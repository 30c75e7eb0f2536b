"""Folders of an S3 server on this computer: skipped where moto, s3fs or Ray is not installed."""

import hashlib
import io
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from PIL import Image

from jcarsr import Restorer
from jcarsr.batch.earlier import RECORDS
from jcarsr.cluster.store import ObjectStore, open_store
from jcarsr.errors import ImageError, JCARSRError, StorageError
from jcarsr.pixels import Pixels

moto: Any = pytest.importorskip("moto.server")
pytest.importorskip("s3fs")
pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("default")]

Environment = dict[str, str]


@pytest.fixture
def bucket(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The URL of an empty bucket; the environment, also of children, leads to its server."""
    server = moto.ThreadedMotoServer(ip_address="127.0.0.1", port=0)
    server.start()
    host, port = server.get_host_and_port()
    for name, value in {
        "AWS_ENDPOINT_URL": f"http://{host}:{port}",
        "AWS_ACCESS_KEY_ID": "key",
        "AWS_SECRET_ACCESS_KEY": "secret",
        "AWS_DEFAULT_REGION": "us-east-1",
    }.items():
        monkeypatch.setenv(name, value)
    import fsspec
    import s3fs

    fsspec.get_filesystem_class("s3").clear_instance_cache()
    name = f"bucket-{uuid4().hex}"  # servers of one process share them
    s3fs.S3FileSystem().mkdir(name)
    try:
        yield f"s3://{name}"
    finally:
        server.stop()
        s3fs.S3FileSystem.clear_instance_cache()


def jpeg(photo: Pixels, number: int) -> bytes:
    file = io.BytesIO()
    Image.fromarray(photo[number : number + 20, 2 * number : 2 * number + 30]).save(file, "JPEG")
    return file.getvalue()


def test_store_is_a_tree_of_files(bucket: str) -> None:
    store = open_store(f"{bucket}/deep/er")
    assert isinstance(store, ObjectStore)
    assert store.list() == {}
    files = {"a.bin": b"1", "d/b ü.bin": bytes(9), "d/e/c.bin": b""}
    for key, data in files.items():
        store.write(key, data)
    assert store.list() == {key: len(data) for key, data in sorted(files.items())}
    assert {key: store.find(key) for key in files} == files
    assert store.find("d/none") is None
    with pytest.raises(ImageError, match=r"^no such file$"):
        store.read("none")
    store.write("a.bin", b"new")
    assert store.read("a.bin") == b"new"


def test_what_another_process_writes_is_seen(bucket: str) -> None:
    import s3fs

    store = open_store(f"{bucket}/d")
    store.write("a", b"1")
    assert list(store.list()) == ["a"]
    assert store.find("b") is None
    other = s3fs.S3FileSystem(skip_instance_cache=True)
    other.pipe_file(f"{bucket}/d/b", b"2")
    assert store.find("b") == b"2"
    assert list(store.list()) == ["a", "b"]
    other.rm_file(f"{bucket}/d/a")
    assert store.find("a") is None


def test_place_that_cannot_be_read_is_one_line(
    bucket: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for url in ("s3://no-such-bucket/in", "s3://no-such-bucket"):
        with pytest.raises(JCARSRError, match="no-such-bucket") as told:
            open_store(url).list()
        assert "\n" not in str(told.value)


def test_bucket_of_the_results_is_never_made(bucket: str) -> None:
    """Its name may be mistyped."""
    open_store(f"{bucket}/not there yet").check()
    store = open_store("s3://no-such-bucket/out")
    with pytest.raises(
        StorageError, match=r"^s3://no-such-bucket/out: there is no no-such-bucket$"
    ):
        store.check()
    with pytest.raises(ImageError, match=r"a\.png: cannot be written \(.*no-such-bucket") as told:
        store.write("a.png", b"1")
    assert "\n" not in str(told.value)
    import s3fs

    assert "no-such-bucket" not in s3fs.S3FileSystem().ls("", refresh=True)


def test_server_that_does_not_answer_is_one_line(
    bucket: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    import s3fs

    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    s3fs.S3FileSystem.clear_instance_cache()
    store = open_store(bucket)
    for trouble in (store.check, store.list):
        with pytest.raises(StorageError, match=r"cannot be re.*127\.0\.0\.1:9") as told:
            trouble()
        assert "\n" not in str(told.value)


def batch(*words: object) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "jcarsr", "batch", *map(str, words), "--json"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | {"OMP_NUM_THREADS": "1"},
    )


def ended(process: subprocess.Popen[str]) -> tuple[int, dict[str, str], str]:
    """Exit code, the state of every input, and what was said on standard error."""
    out, err = process.communicate()
    outcomes = [json.loads(line) for line in out.splitlines()]
    found = {outcome["source"]: outcome["state"] for outcome in outcomes}
    assert len(found) == len(outcomes), "an input has two outcomes"
    return process.returncode, found, err


def test_folder_of_a_bucket_with_a_killed_run(
    bucket: str, photo: Pixels, tiny_weights: Path
) -> None:
    """Twenty pictures in two folders, one of them broken; the results go into the same bucket."""
    pytest.importorskip("ray")
    source, out = open_store(f"{bucket}/pictures"), open_store(f"{bucket}/restored")
    for number in range(19):
        source.write(f"{'deep/' * (number % 2)}{number:02}.jpg", jpeg(photo, number))
    source.write("broken.jpg", b"no picture")
    source.write("notes.txt", b"no picture, either")
    words = [f"{bucket}/pictures", "-o", f"{bucket}/restored", "--weights", tiny_weights]

    def standing() -> dict[str, str]:
        """The hashes of all results."""
        found = (key for key in out.list() if not key.startswith(RECORDS))
        return {key: hashlib.sha256(out.read(key)).hexdigest() for key in found}

    with batch(*words) as running:
        while len(standing()) < 3:
            assert running.poll() is None, running.communicate()
            time.sleep(0.05)
        running.send_signal(signal.SIGKILL)
    before = standing()
    code, states, err = ended(batch(*words))
    assert code == 1, err
    assert "broken.jpg: not a picture that can be read" in err
    counts = {state: list(states.values()).count(state) for state in set(states.values())}
    assert sum(counts.values()) == 20
    assert (counts["failed"], states["broken.jpg"]) == (1, "failed")
    assert counts["skipped"] >= len(before)
    after = standing()
    assert before.items() <= after.items()
    assert len(after) == 19
    assert sorted(key for key in out.list() if key.startswith(RECORDS)) == sorted(
        f"{RECORDS}/{key}.json" for key in after
    )
    expected, _ = Restorer(str(tiny_weights)).restore_bytes(source.read("deep/07.jpg"))
    assert out.read("deep/07_x2.png") == expected

    code, states, err = ended(batch(f"{bucket}/pictures/deep", "-o", f"{bucket}/more", *words[3:]))
    assert (code, set(states.values()), len(states)) == (0, {"done"}, 9), err


def test_table_in_a_bucket(bucket: str, photo: Pixels, tiny_weights: Path) -> None:
    pytest.importorskip("ray")
    pyarrow: Any = pytest.importorskip("pyarrow")
    parquet: Any = pytest.importorskip("pyarrow.parquet")
    file = io.BytesIO()
    pictures = [jpeg(photo, 0), b"no picture", None, jpeg(photo, 3)]
    parquet.write_table(pyarrow.table({"id": [0, 1, 2, 3], "image": pictures}), file)
    open_store(f"{bucket}/tables").write("t.parquet", file.getvalue())
    place = f"{bucket}/tables/t.parquet"
    code, states, err = ended(
        batch(place, "-o", f"{bucket}/rows", "--key", "id", "--weights", tiny_weights)
    )
    assert code == 1, err
    assert states == {"0": "done", "1": "failed", "2": "failed", "3": "done"}
    expected, _ = Restorer(str(tiny_weights)).restore_bytes(jpeg(photo, 3))
    assert open_store(f"{bucket}/rows").read("3_x2.png") == expected
