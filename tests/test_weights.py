import json
import os
import struct
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save, save_file

from jcarsr import JCARSRConfig, WeightsError
from jcarsr.safefile import SafeFileError, tensor_places
from jcarsr.weights import Record, find, read, read_record, write

CONFIG = JCARSRConfig(scale=2, channels=8)
TENSORS = {"a": np.array([[1.0, -2.5]], np.float32), "b": np.float32(0.1) * np.ones(3, np.float32)}


def stored(tmp_path: Path) -> Path:
    path = tmp_path / "w.safetensors"
    write(path, TENSORS, Record(name="test", **CONFIG.describe(), data=["some pictures"]))
    return path


def test_tensors_come_back_as_fp16_and_the_record_whole(tmp_path: Path) -> None:
    weights = read(stored(tmp_path))
    assert weights.record.config == CONFIG.describe()["config"]
    assert (weights.record.architecture, weights.record.facts) == ("jcarsr", CONFIG.facts)
    assert weights.record.data == ["some pictures"]
    for name, values in TENSORS.items():
        np.testing.assert_array_equal(weights.tensors[name], values.astype(np.float16))
    assert [p.name for p in tmp_path.iterdir()] == ["w.safetensors"]


@pytest.mark.parametrize("number", [np.inf, -np.inf, np.nan])
def test_number_that_json_lacks_is_refused_in_a_record(tmp_path: Path, number: float) -> None:
    record = Record(name="test", **CONFIG.describe(), scores={"validation": {"psnr": number}})
    with pytest.raises(WeightsError, match=r"w\.safetensors: its record has a number that is not"):
        write(tmp_path / "w.safetensors", TENSORS, record)
    assert not list(tmp_path.iterdir())


def test_file_of_version_0_1_is_a_jcarsr(tmp_path: Path) -> None:
    """Format 1 has neither architecture nor facts; all else is the same."""
    path = stored(tmp_path)
    record = read_record(path)
    fields = {k: v for k, v in asdict(record).items() if k not in ("architecture", "facts")}
    fields["config"] = {"scale": 2, "channels": 8}  # defaults were left out by hand-made files
    tensors = {name: values.astype(np.float16) for name, values in TENSORS.items()}
    path.write_bytes(save(tensors, {"format": "jcarsr-1", "record": json.dumps(fields)}))
    assert read(path).record == record


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
        write(path, {"a": np.array([value])}, Record(name="test", **CONFIG.describe()))
    assert not path.exists()


def test_missing_file_and_unknown_name_are_told(tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match="no such file"):
        read_record(tmp_path / "none.safetensors")
    with pytest.raises(WeightsError, match="no-such-name: no such weight file"):
        find("no-such-name")
    with pytest.raises(WeightsError, match="dan: DAN's weights are on cloud drives alone"):
        find("dan")


def file_of(
    tmp_path: Path,
    record: object,
    tensors: dict[str, dict[str, object]] | None = None,
    data: bytes = b"",
    version: str = "jcarsr-1",
) -> Path:
    """A safetensors file of our format with any record and tensors, put together by hand."""
    text = record if isinstance(record, str) else json.dumps(record)
    metadata = {"__metadata__": {"format": version, "record": text}}
    header = json.dumps({**metadata, **(tensors or {})}).encode()
    path = tmp_path / "foreign.safetensors"
    path.write_bytes(struct.pack("<Q", len(header)) + header + data)
    return path


GOOD = {"name": "x", "config": {"scale": 2, "channels": 32}, "sha256": "0" * 64}


def nested(depth: int) -> list[object]:
    value: list[object] = []
    for _ in range(depth):
        value = [value]
    return value


@pytest.mark.parametrize(
    ("record", "reason"),
    [
        ("[" * 100_000, "nested too deeply"),
        ("[" * 200 + "]" * 200, "not an object"),
        ({**GOOD, "recipe": {"a": nested(300)}}, "recipe is nested too deeply"),
        ({**GOOD, "data": nested(300)}, "data is nested too deeply"),
        ("null", "not an object"),
        ("{", "cannot be read"),
        ({**GOOD, "config": {"scale": 2, "channels": 32.0}}, "channels must be a whole number"),
        ({**GOOD, "config": {"scale": True}}, "scale must be a whole number, got True"),
        ({**GOOD, "config": {"scale": 2, "num_groups": "5"}}, "num_groups must be a whole number"),
        ({**GOOD, "config": {"scale": 2, "channels": None}}, "channels must be a whole number"),
        ({**GOOD, "config": {"scale": 2, "num_groups": 10**9}}, "num_groups 1000000000 is too"),
        ({**GOOD, "config": [2]}, "config must be an object, got list"),
        ({**GOOD, "config": {"scale": 2, "other": 3}}, "other"),
        ({**GOOD, "config": {}}, "scale"),
        ({**GOOD, "name": ["x"]}, "name must be a text, got list"),
        ({**GOOD, "name": 3}, "name must be a text, got int"),
        ({**GOOD, "scores": "good"}, "scores must be an object, got str"),
        ({**GOOD, "training": None}, "training must be an object, got NoneType"),
        ({**GOOD, "recipe": [1]}, "recipe must be an object"),
        ({**GOOD, "data": "DIV2K"}, "data must be a list"),
        ({**GOOD, "data": [1]}, "data must be a list of texts"),
        ({**GOOD, "licence": {}}, "licence must be a text"),
        ({**GOOD, "sha256": "abc"}, "sha256 must be 64 hexadecimal digits"),
        ({**GOOD, "sha256": None}, "sha256 must be a text"),
        ({**GOOD, "more": 1}, "more"),
        ({"name": "x"}, "config"),
    ],
)
def test_record_of_wrong_types_is_one_line(tmp_path: Path, record: object, reason: str) -> None:
    path = file_of(tmp_path, record)
    for reader in (read_record, read):
        with pytest.raises(WeightsError) as raised:
            reader(path)
        assert str(raised.value).startswith(f"{path}: its record cannot be read (")
        assert reason in str(raised.value)
        assert "\n" not in str(raised.value)


EDSR = {
    **GOOD,
    "architecture": "edsr",
    "config": {"scale": 2, "residual_scale": 0.1, "skip": True},
    "facts": {"scale": 2, "outputs": ["sr"], "floats_per_pixel": {"sr": 9}},
}


@pytest.mark.parametrize(
    ("record", "reason"),
    [
        ({**EDSR, "architecture": 3}, "architecture must be a text, got int"),
        ({**EDSR, "facts": "fast"}, "facts must be an object, got str"),
        ({**EDSR, "facts": {"scale": 2}}, "outputs"),
        ({**EDSR, "facts": {**EDSR["facts"], "scale": 4}}, "facts say scale 4, config 2"),
        ({**EDSR, "config": {}}, "facts say scale 2, config 1"),
        ({**EDSR, "facts": {**EDSR["facts"], "floats_per_pixel": 5}}, "by output, got 5"),
        ({**EDSR, "facts": {**EDSR["facts"], "floats_per_pixel": {"sr": 10**400}}}, "at most"),
        ({**EDSR, "facts": {**EDSR["facts"], "outputs": 3}}, "int"),
        ({**EDSR, "config": {"channels": 10**9}}, "channels 1000000000 is too large"),
        ({**GOOD, "architecture": "jcarsr", "config": {"scale": 2.0}, "facts": {}}, "whole number"),
    ],
)
def test_foreign_record_of_format_2_is_one_line(
    tmp_path: Path, record: dict[str, object], reason: str
) -> None:
    path = file_of(tmp_path, record, version="jcarsr-2")
    with pytest.raises(WeightsError) as raised:
        read_record(path)
    assert str(raised.value).startswith(f"{path}: its record cannot be read (")
    assert reason in str(raised.value)
    assert read_record(file_of(tmp_path, EDSR, version="jcarsr-2")).architecture == "edsr"


def test_hand_made_file_is_otherwise_good(tmp_path: Path) -> None:
    assert read_record(file_of(tmp_path, GOOD)).config["channels"] == 32


@pytest.mark.parametrize(
    ("kind", "size"), [("BF16", 2), ("F8_E4M3", 1), ("F8_E5M2", 1), ("F8_E8M0", 1), ("NONE", 1)]
)
def test_tensor_of_a_type_that_numpy_lacks_is_one_line(
    tmp_path: Path, kind: str, size: int
) -> None:
    tensor: dict[str, object] = {"dtype": kind, "shape": [1], "data_offsets": [0, size]}
    path = file_of(tmp_path, GOOD, {"a": tensor}, bytes(size))
    with pytest.raises(WeightsError) as raised:
        read(path)
    assert str(raised.value).startswith(f"{path}: ")
    assert "\n" not in str(raised.value)


def test_places_of_tensors_of_any_name(tmp_path: Path) -> None:
    values = np.arange(6, dtype=np.float32)
    path = tmp_path / "a.safetensors"
    save_file({"": values, "_own": values + 1, "w": values + 2}, path, {"a": "b"})
    data = path.read_bytes()
    places = tensor_places(path)
    found = {n: np.frombuffer(data, np.float32, 6, place)[0] for n, (place, _) in places.items()}
    assert found == {"": 0, "_own": 1, "w": 2}


@pytest.mark.parametrize("cut", [1, 8, 50, 200, 400])
def test_any_beginning_of_a_file_is_one_line(tmp_path: Path, cut: int) -> None:
    path = stored(tmp_path)
    path.write_bytes(path.read_bytes()[:cut])
    for reader in (read_record, read):
        with pytest.raises(WeightsError, match="not a safetensors file"):
            reader(path)
    with pytest.raises(SafeFileError, match="not a safetensors file"):
        tensor_places(path)
