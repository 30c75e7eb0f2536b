"""How much is restored, over HTTP."""

from pathlib import Path

import httpx
import numpy as np
import pytest
from support.api import Jpeg, open_image, post, problem, submitted, until
from support.pictures import xmp_value

from jcarsr.image import apply_orientation, decode
from jcarsr.image.metadata.xmp_record import OURS
from jcarsr.image.picture import Picture
from jcarsr.methods.bicubic import Bicubic


def pixels(data: bytes) -> np.ndarray:
    return np.asarray(open_image(data).convert("RGB"))


def test_field_and_query_mix_alike(client: httpx.Client, rich: Path) -> None:
    """A photograph that lies on its side: the input is turned before it is mixed."""
    data = rich.read_bytes()
    path = submitted(client, data)
    until(client, path, "done")
    full = pixels(client.get(f"{path}/result").content)
    plain = client.get(f"{path}/result", params={"strength": 0}).content
    picture = decode(rich)
    assert isinstance(picture, Picture)
    expected = Bicubic(2).restore(np.ascontiguousarray(apply_orientation(picture).samples))
    np.testing.assert_array_equal(pixels(plain), expected)
    np.testing.assert_array_equal(pixels(client.get(f"{path}/before").content), expected)
    half = client.get(f"{path}/result", params={"strength": 0.5}).content
    np.testing.assert_array_equal(
        pixels(half), pixels(post(client, "/v1/restore", data, strength="0.5").content)
    )
    np.testing.assert_allclose(pixels(half), (full + expected.astype(float)) / 2, atol=0.5)
    jpeg = client.get(f"{path}/result", params={"strength": 0.5, "format": "jpg"}).content
    for file, kind in ((half, "PNG"), (jpeg, "JPEG")):
        with open_image(file) as image:
            assert image.format == kind
            assert xmp_value(image, (OURS, "Strength")) == "0.5"
            assert image.info["icc_profile"]
    client.delete(path)


def test_job_tells_it(client: httpx.Client, jpeg: Jpeg) -> None:
    path = submitted(client, jpeg(), strength="0.5")
    assert until(client, path, "done")["result"]["strength"] == 0.5
    with open_image(client.get(f"{path}/result", params={"strength": 0.5}).content) as image:
        assert xmp_value(image, (OURS, "Strength")) == "0.25"
    client.delete(path)


def test_maps_and_animations_are_not_mixed_afterwards(
    client: httpx.Client, jpeg: Jpeg, animation: bytes
) -> None:
    for data, output, why in (
        (jpeg(), "gradient", "strength: gradient is no picture"),
        (animation, "picture", "an animation is mixed while it is restored: send strength then"),
    ):
        path = submitted(client, data, output=output)
        until(client, path, "done")
        answer = client.get(f"{path}/result", params={"strength": 0.5})
        assert problem(answer) == (422, why)
        client.delete(path)


@pytest.mark.parametrize("strength", ["-1", "1.5", "nan", "much"])
def test_wrong_ones_are_refused(client: httpx.Client, jpeg: Jpeg, strength: str) -> None:
    assert problem(post(client, "/v1/restore", jpeg(), strength=strength))[0] == 422
