import json
import os
import struct
from pathlib import Path

import numpy as np
import pytest

from jcarsr import JCARSRConfig, WeightsError
from jcarsr.weights import Record, find, read, read_record, write

CONFIG = JCARSRConfig(scale=2, channels=8)
TENSORS = {"a": np.array([[1.0, -2.5]], np.float32), "b": np.float32(0.1) * np.ones(3, np.float32)}


def stored(tmp_path: Path) -> Path:
    path = tmp_path / "w.safetensors"
    write(path, TENSORS, Record(name="test", config=CONFIG, data=["some pictures"]))
    return path


def test_tensors_come_back_as_fp16_and_the_record_whole(tmp_path: Path) -> None:
    weights = read(stored(tmp_path))
    assert weights.record.config == CONFIG
    assert weights.record.data == ["some pictures"]
    for name, values in TENSORS.items():
        np.testing.assert_array_equal(weights.tensors[name], values.astype(np.float16))
    assert [p.name for p in tmp_path.iterdir()] == ["w.safetensors"]


def test_planted_links_are_not_followed(tmp_path: Path) -> None:
    (tmp_path / "precious").write_bytes(b"precious")
    for name in ("w.safetensors", f".w.safetensors.{os.getpid()}.part"):
        (tmp_path / name).symlink_to("precious")
    path = stored(tmp_path)
    assert (tmp_path / "precious").read_bytes() == b"precious"
    assert not path.is_symlink()
    assert read(path).record.name == "test"


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such permissions")
def test_others_may_read_what_the_umask_allows(tmp_path: Path) -> None:
    (tmp_path / "usual").touch()
    assert stored(tmp_path).stat().st_mode == (tmp_path / "usual").stat().st_mode


def test_one_flipped_bit_is_noticed(tmp_path: Path) -> None:
    path = stored(tmp_path)
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    path.write_bytes(bytes(data))
    with pytest.raises(WeightsError, match=r"w\.safetensors: damaged"):
        read(path)


@pytest.mark.parametrize("content", [b"", b"\x80\x04\x95 a pickle", b"\xff" * 64])
def test_other_files_are_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "x.safetensors"
    path.write_bytes(content)
    with pytest.raises(WeightsError, match="not a safetensors file"):
        read_record(path)


def test_foreign_safetensors_is_refused(tmp_path: Path) -> None:
    header = json.dumps({"__metadata__": {"format": "pt"}}).encode()
    path = tmp_path / "x.safetensors"
    path.write_bytes(struct.pack("<Q", len(header)) + header)
    with pytest.raises(WeightsError, match="not a weight file of jcarsr"):
        read(path)


def test_config_in_the_file_is_checked(tmp_path: Path) -> None:
    record = {"name": "x", "config": {"scale": 3}}
    metadata = {"format": "jcarsr-1", "record": json.dumps(record)}
    header = json.dumps({"__metadata__": metadata}).encode()
    path = tmp_path / "x.safetensors"
    path.write_bytes(struct.pack("<Q", len(header)) + header)
    with pytest.raises(WeightsError, match="scale must be 2 or 4, got 3"):
        read_record(path)


@pytest.mark.parametrize("value", [np.nan, 1e6])
def test_what_fp16_cannot_hold_is_not_written(tmp_path: Path, value: float) -> None:
    path = tmp_path / "w.safetensors"
    with pytest.raises(WeightsError, match="fp16"):
        write(path, {"a": np.array([value])}, Record(name="test", config=CONFIG))
    assert not path.exists()


def test_missing_file_and_unknown_name_are_told(tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match="no such file"):
        read_record(tmp_path / "none.safetensors")
    with pytest.raises(WeightsError, match="no-such-name: no such weight file"):
        find("no-such-name")
