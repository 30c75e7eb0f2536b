import io

import numpy as np
import pytest
from PIL import Image, ImageCms

from jcarsr.image.colour.icc import (
    D65_SRGB,
    SRGB_CURVE,
    Curve,
    colorants,
    make_profile,
    srgb_values,
)

P3 = (0.3127, 0.3290, 0.680, 0.320, 0.265, 0.690, 0.150, 0.060)


def to_srgb(pixels: np.ndarray, profile: bytes) -> np.ndarray:
    image = Image.fromarray(pixels)
    srgb = ImageCms.createProfile("sRGB")
    turned = ImageCms.profileToProfile(
        image,
        io.BytesIO(profile),
        srgb,
        outputMode="RGB",
        renderingIntent=1,
        flags=ImageCms.Flags.NOOPTIMIZE,
    )
    assert turned is not None
    return np.asarray(turned)


def test_colorants_are_those_that_icc_publishes_for_srgb() -> None:
    """IEC 61966-2-1's in the profiles of the ICC: sRGB2014.icc, rounded to s15Fixed16."""
    published = [
        [0.43607, 0.38515, 0.14307],
        [0.22249, 0.71687, 0.06061],
        [0.01392, 0.09708, 0.7141],
    ]
    np.testing.assert_allclose(colorants(D65_SRGB), published, atol=3e-4)


def test_littlecms_takes_ours_for_its_own_srgb() -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (32, 32, 3)).astype(np.uint8)
    assert (
        np.abs(to_srgb(pixels, make_profile("a", D65_SRGB, SRGB_CURVE)).astype(int) - pixels).max()
        <= 1
    )


def test_white_and_grey_stay_so_by_any_primaries() -> None:
    grey = np.repeat(np.arange(256, dtype=np.uint8)[None, :, None], 3, axis=2)
    assert np.abs(to_srgb(grey, make_profile("a", P3, SRGB_CURVE)).astype(int) - grey).max() <= 1


@pytest.mark.parametrize("gamma", [1.0, 1.8, 2.2, 2.6])
@pytest.mark.parametrize("grey", [False, True])
def test_curves(gamma: float, grey: bool) -> None:
    values = np.arange(256, dtype=np.uint8)[None]
    pixels = values if grey else np.repeat(values[..., None], 3, axis=2)
    found = to_srgb(pixels, make_profile("a", None if grey else D65_SRGB, Curve(gamma)))
    expected = 255 * srgb_values((values[0] / 255) ** gamma)
    assert np.abs(found[0] - expected[:, None]).max() <= 1.5


def test_srgb_values_and_its_curve_are_inverse() -> None:
    values = np.linspace(0, 1, 1001)
    np.testing.assert_allclose(srgb_values(SRGB_CURVE.light(values)), values, atol=1e-5)


def test_description() -> None:
    profile = make_profile("Displäy P3", P3, SRGB_CURVE)
    opened = ImageCms.ImageCmsProfile(io.BytesIO(profile))
    assert ImageCms.getProfileDescription(opened).strip() == "Displäy P3"
    assert int.from_bytes(profile[:4]) == len(profile) < 700
    assert profile == make_profile("Displäy P3", P3, SRGB_CURVE)


@pytest.mark.parametrize(
    "primaries",
    [
        (0.0,) * 8,
        (0.3127, 0.329, 0.1, 0.1, 0.2, 0.2, 0.3, 0.3),  # on one line
        (0.3127, 0.329, 0.64, 0.33, 0.3, 0.0, 0.15, 0.06),
        (20_000.0,) * 8,
        (0.9, 0.05, 0.64, 0.33, 0.3, 0.6, 0.15, 0.06),  # a white outside
    ],
)
def test_primaries_that_make_no_white(primaries: tuple[float, ...]) -> None:
    with pytest.raises(ValueError, match=r"not chromaticities|on one line|make white"):
        colorants(primaries)  # pyright: ignore[reportArgumentType]
