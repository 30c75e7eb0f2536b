"""Files made by SciPy and h5py; those of the authors are in tests/reference."""

import struct
import tracemalloc
from pathlib import Path

import numpy as np
import pytest

from jcarsr import WeightsError
from jcarsr.convert.matlab import read_arcnn, read_dncnn


def test_arcnn_kernels_are_columns_of_a_table(tmp_path: Path) -> None:
    """MATLAB: reshape(weights(in, :, out), side, side) is the kernel, filled column by column."""
    io = pytest.importorskip("scipy.io")
    rng, path = np.random.default_rng(0), tmp_path / "a.mat"
    shapes = {"conv1": (1, 81, 4), "conv2": (4, 49, 3), "conv22": (3, 1, 2), "conv3": (2, 25)}
    said = {f"weights_{name}": rng.random(shape) for name, shape in shapes.items()}
    said |= {
        f"biases_{name}": rng.random((n, 1)).astype(np.float32)
        for name, n in (("conv1", 4), ("conv2", 3), ("conv22", 2), ("conv3", 1))
    }
    io.savemat(path, said)
    tensors = read_arcnn(path)
    for name, side, places in (("conv1", 9, (2, 0)), ("conv2", 7, (1, 3)), ("conv3", 5, (0, 1))):
        out, into = places
        weights = said[f"weights_{name}"].reshape(len(said[f"weights_{name}"]), side * side, -1)
        kernel = np.empty((side, side))
        for index in range(side * side):
            kernel[index % side, index // side] = weights[into, index, out]
        np.testing.assert_allclose(tensors[f"{name}.weight"][out, into], kernel, rtol=1e-6)
    assert tensors["conv22.weight"].shape == (2, 3, 1, 1)
    np.testing.assert_array_equal(tensors["conv1.bias"], said["biases_conv1"].ravel())


def test_file_of_the_other_kind_is_told(tmp_path: Path) -> None:
    pytest.importorskip("scipy.io")
    path = tmp_path / "dncnn.mat"
    path.write_bytes(b"MATLAB 7.3 MAT-file".ljust(124) + b"\0\2IM" + bytes(384))
    with pytest.raises(WeightsError, match=r"no weights of ARCNN \(MATLAB 7\.3, theirs are 5\)"):
        read_arcnn(path)


def test_dncnn_layers_are_in_order_and_kernels_transposed(tmp_path: Path) -> None:
    h5py = pytest.importorskip("h5py")
    rng, path = np.random.default_rng(0), tmp_path / "a.mat"
    values = [
        (rng.random((4, 1, 3, 3)), rng.random((1, 4))),
        (rng.random((4, 3, 3)), rng.random(1)),
    ]
    with h5py.File(path, "w") as file:
        layers: list[object] = []
        for number, pair in enumerate((values[0], None, values[1])):
            layer = file.create_group(f"#refs#/{number}")
            layer["type"] = np.zeros((4, 1), np.uint16)
            if pair is not None:
                parts = [
                    file.create_dataset(f"#refs#/{number}{part}", data=value.astype(np.float32)).ref
                    for part, value in zip("ab", pair, strict=True)
                ]
                layer.create_dataset("weights", data=np.array(parts, h5py.ref_dtype)[:, None])
            layers.append(layer.ref)
        file.create_dataset("net/layers", data=np.array(layers, h5py.ref_dtype)[:, None])
    tensors = read_dncnn(path)
    assert sorted(tensors) == ["model.0.bias", "model.0.weight", "model.2.bias", "model.2.weight"]
    first = values[0][0].transpose(0, 1, 3, 2)
    np.testing.assert_allclose(tensors["model.0.weight"], first, rtol=1e-6)
    last = values[1][0].transpose(0, 2, 1)[None]
    np.testing.assert_allclose(tensors["model.2.weight"], last, rtol=1e-6)
    assert tensors["model.0.bias"].shape == (4,)


def store_arcnn(path: Path, **more: object) -> None:
    shapes = {"conv1": (1, 81, 4), "conv2": (4, 49, 3), "conv22": (3, 1, 2), "conv3": (2, 25)}
    said: dict[str, object] = {f"weights_{name}": np.zeros(s) for name, s in shapes.items()}
    said |= {
        f"biases_{name}": np.zeros((n, 1))
        for name, n in (("conv1", 4), ("conv2", 3), ("conv22", 2), ("conv3", 1))
    }
    io = pytest.importorskip("scipy.io")
    io.savemat(path, said | more, do_compression=bool(more))


def test_other_variables_are_not_unpacked(tmp_path: Path) -> None:
    path = tmp_path / "a.mat"
    store_arcnn(path, **{f"other{index}": np.zeros(2**24, np.uint8) for index in range(8)})
    assert path.stat().st_size < 2**18
    tracemalloc.start()
    try:
        assert len(read_arcnn(path)) == 8
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 2**26  # SciPy unpacks what follows a header, 16 MiB of each


def test_an_arcnn_of_other_sizes_or_kinds_is_refused_before_it_is_read(tmp_path: Path) -> None:
    path = tmp_path / "a.mat"
    store_arcnn(path)
    sizes, claimed = struct.pack("<3i", 1, 81, 4), struct.pack("<3i", 1, 81, 2**30)
    assert path.read_bytes().count(sizes) == 1
    path.write_bytes(path.read_bytes().replace(sizes, claimed))
    with pytest.raises(WeightsError, match=r"a\.mat: .*has more than 16777216 values"):
        read_arcnn(path)
    store_arcnn(path, biases_conv3="many")
    with pytest.raises(WeightsError, match=r"a\.mat: .*biases_conv3 is of char"):
        read_arcnn(path)


@pytest.mark.parametrize("claims", ["layers", "references", "values", "kind"])
def test_a_dncnn_of_other_sizes_is_refused_before_it_is_read(claims: str, tmp_path: Path) -> None:
    h5py = pytest.importorskip("h5py")
    path = tmp_path / "a.mat"
    kind = "S1000" if claims == "kind" else np.float32
    with h5py.File(path, "w") as file:
        layer = file.create_group("#refs#/0")
        many = {"dtype": h5py.ref_dtype, "chunks": (1024,)}
        values = (2**40,) if claims == "values" else (1, 1, 3, 3)
        kernels = file.create_dataset("#refs#/k", values, kind, chunks=True)
        bias = file.create_dataset("#refs#/b", (1,), np.float32)
        if claims == "references":
            layer.create_dataset("weights", (2**40,), **many)
        else:
            parts = np.array([kernels.ref, bias.ref], h5py.ref_dtype)
            layer.create_dataset("weights", data=parts)
        if claims == "layers":
            file.create_dataset("net/layers", (2**40,), **many)
        else:
            file.create_dataset("net/layers", data=np.array([layer.ref], h5py.ref_dtype))
    assert path.stat().st_size < 2**17
    expected = {
        "layers": "has 1099511627776 parts where at most 4096 are expected",
        "references": "has 1099511627776 parts where at most 2 are expected",
    }
    message = expected.get(claims, "layer 0 is too large, or not of numbers")
    with pytest.raises(WeightsError, match=rf"a\.mat: .*{message}"):
        read_dncnn(path)


@pytest.mark.parametrize("reader", [read_arcnn, read_dncnn])
@pytest.mark.parametrize("data", [b"", b"MATLAB 5.0 MAT-file" + bytes(200), b"\x89HDF\r\n\x1a\n12"])
def test_other_files_are_refused_in_one_line(reader: object, data: bytes, tmp_path: Path) -> None:
    pytest.importorskip("scipy" if reader is read_arcnn else "h5py")
    path = tmp_path / "a.mat"
    path.write_bytes(data)
    with pytest.raises(WeightsError, match=r"a\.mat: no weights of") as caught:
        reader(path)  # pyright: ignore
    assert "\n" not in str(caught.value)


def test_a_file_without_a_layer_names_it(tmp_path: Path) -> None:
    io = pytest.importorskip("scipy.io")
    io.savemat(tmp_path / "a.mat", {"biases_conv1": np.zeros((1, 1))})
    with pytest.raises(WeightsError, match="it has no weights_conv1"):
        read_arcnn(tmp_path / "a.mat")
