"""How the samples of a picture are to be read as colours, so that every result shows the same ones.

What a file says elsewhere than in an ICC profile becomes one, which every format can hold, or the
samples are converted to the curve of sRGB.
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import Any

import numpy as np
from PIL import Image, ImageCms

from jcarsr.errors import ImageError
from jcarsr.image.colour.icc import (
    D65_SRGB,
    SRGB_CURVE,
    Chromaticities,
    Curve,
    Doubles,
    make_profile,
    srgb_values,
)
from jcarsr.image.colour.tags import COLOUR_TAGS, CodePoints, ColourTags
from jcarsr.image.metadata.profile import colour_space, wrong_profile
from jcarsr.pixels import Samples, to_8_bits, to_samples

_BROKEN = "its description of colours is broken and was left out"
_TOP = 65535
_RELATIVE = 1  # rendering intent
_BT709 = Curve(1 / 0.45, 1 / 1.099, 0.099 / 1.099, 1 / 4.5, 0.081)
_HDR = {16: "PQ", 18: "HLG"}
_UNSPECIFIED = 2
_CURVES = {  # H.273, table 3
    **dict.fromkeys((1, 6, 11, 12, 14, 15), _BT709),
    _UNSPECIFIED: SRGB_CURVE,
    4: Curve(2.2),
    5: Curve(2.8),
    7: Curve(1 / 0.45, 1 / 1.1115, 0.1115 / 1.1115, 1 / 4, 0.0912),
    8: Curve(1.0),
    13: SRGB_CURVE,
    17: Curve(2.6, (52.37 / 48) ** (1 / 2.6)),
}
_C, _SMPTE = (0.310, 0.316), (0.630, 0.340, 0.310, 0.595, 0.155, 0.070)
_D65, _P3 = (0.3127, 0.3290), (0.680, 0.320, 0.265, 0.690, 0.150, 0.060)
_PRIMARIES: dict[int, Chromaticities] = {  # H.273, table 2
    1: D65_SRGB,
    _UNSPECIFIED: D65_SRGB,
    4: (*_C, 0.67, 0.33, 0.21, 0.71, 0.14, 0.08),
    5: (*_D65, 0.64, 0.33, 0.29, 0.60, 0.15, 0.06),
    6: (*_D65, *_SMPTE),
    7: (*_D65, *_SMPTE),
    8: (*_C, 0.681, 0.319, 0.243, 0.692, 0.145, 0.049),
    9: (*_D65, 0.708, 0.292, 0.170, 0.797, 0.131, 0.046),
    11: (0.314, 0.351, *_P3),
    12: (*_D65, *_P3),
    22: (*_D65, 0.630, 0.340, 0.295, 0.605, 0.155, 0.077),
}


@dataclass(frozen=True)
class Conversion:
    """New values for all of 16 bits, the same ones for every channel."""

    table: Samples
    """(65536,) uint16."""

    def apply(self, samples: Samples) -> Samples:
        """Return samples of any shape with new values, of the same type."""
        if samples.dtype == np.uint16:
            return self.table[samples]
        return to_8_bits(self.table[np.arange(256) * 257])[samples]


@dataclass(frozen=True, kw_only=True)
class Colours:
    """What is to be done so that samples and profile show what the file shows."""

    profile: bytes | None
    """An ICC profile for the samples; None = they are sRGB."""
    grey: bool
    """The profile is for one channel."""
    conversion: Conversion | None = None
    """Of the samples, before anything else."""


def settle_colours(
    image: Image.Image, profile: bytes | None, grey: bool, notes: list[str]
) -> Colours:
    """Find out how an opened image's colours are meant; not for CMYK.

    Args:
        image: its header read, as `open_image` gives it.
        profile: its ICC profile, of which at least the header is sound.
        grey: one channel says all.
        notes: gets one for what had to be left out.

    Raises:
        ImageError: its colours are of a kind that no result could show.
    """
    tags = _tags(image)
    profile = profile or _sound(tags.profile)
    if profile and not (tags.code_points and tags.before_profile):
        return _by_profile(profile, grey, notes)
    found = _describe(tags, notes)
    if found is None:
        return _by_profile(profile, grey, notes) if profile else Colours(profile=None, grey=grey)
    name, chromaticities, curve, full_range = found
    conversion = None
    if not full_range or not 0.12 < curve.light(np.array(0.5)) < 0.35:
        # the network knows pictures whose steps look equal, and 8 bits of other curves do not last
        conversion, curve = _to_srgb(curve, full_range), SRGB_CURVE
    other_primaries = not grey and not np.allclose(chromaticities, D65_SRGB, atol=0.002)
    if curve == SRGB_CURVE and not other_primaries:
        return Colours(profile=None, grey=grey, conversion=conversion)
    try:
        made = make_profile(name, None if grey else chromaticities, curve)
    except ValueError:
        notes.append(_BROKEN)
        return Colours(profile=None, grey=grey)
    return Colours(profile=made, grey=grey, conversion=conversion)


def grey_to_srgb(profile: bytes) -> Conversion | None:
    """Return how grey of an ICC profile becomes that of sRGB, None if the profile is broken."""
    unchecked: Any = ImageCms  # parts of it come without types
    levels = Image.fromarray(np.arange(_TOP + 1, dtype=np.uint16).reshape(256, 256))
    target = make_profile("grey", None, SRGB_CURVE)
    try:
        ends = [unchecked.ImageCmsProfile(io.BytesIO(data)) for data in (profile, target)]
        flags = ImageCms.Flags.NOOPTIMIZE  # else it interpolates between few levels
        through = unchecked.ImageCmsTransform(*ends, "I;16", "I;16", _RELATIVE, flags=int(flags))
        return Conversion(np.asarray(through.apply(levels)).astype(np.uint16).ravel())
    except (ImageCms.PyCMSError, OSError, ValueError):
        return None


def _tags(image: Image.Image) -> ColourTags:
    found = image.info.get(COLOUR_TAGS)
    if isinstance(found, ColourTags):
        return found
    if image.format != "PNG":
        return ColourTags()
    gamma = image.info.get("gamma")  # opened by somebody else
    return ColourTags(
        srgb="srgb" in image.info,
        gamma=1 / gamma if gamma else None,
        chromaticities=image.info.get("chromaticity"),
    )


def _sound(profile: bytes | None) -> bytes | None:
    return profile if profile and colour_space(profile) is not None else None


def _by_profile(profile: bytes, grey: bool, notes: list[str]) -> Colours:
    space = colour_space(profile)
    if space == ("GRAY" if grey else "RGB"):
        return Colours(profile=profile, grey=grey)
    if grey and space == "RGB" and (levels := _levels(profile)) is not None:
        if np.abs(levels - np.arange(256)[:, None]).max() <= 1:
            return Colours(profile=None, grey=True)  # greys as those of sRGB
        return Colours(profile=profile, grey=False)
    notes.append(wrong_profile(profile))
    return Colours(profile=None, grey=grey)


def _levels(profile: bytes) -> Doubles | None:
    """The sRGB of 256 greys of an RGB profile, (256, 3); None if the profile is broken."""
    unchecked: Any = ImageCms
    greys = np.repeat(np.arange(256, dtype=np.uint8)[None, :, None], 3, axis=2)
    try:
        turned = unchecked.profileToProfile(
            Image.fromarray(greys),
            io.BytesIO(profile),
            unchecked.createProfile("sRGB"),
            renderingIntent=_RELATIVE,
        )
    except (ImageCms.PyCMSError, OSError, ValueError):
        return None
    return np.asarray(turned)[0].astype(np.float64)


def _describe(tags: ColourTags, notes: list[str]) -> tuple[str, Chromaticities, Curve, bool] | None:
    """Name, primaries, curve and whether all values are used; None = as sRGB, or not said."""
    if tags.code_points is not None:
        found = _by_code_points(tags.code_points, tags.before_profile)
        if found is None:
            notes.append(_BROKEN)
        return found
    if tags.srgb or (tags.gamma is None and tags.chromaticities is None):
        return None
    curve = SRGB_CURVE if tags.gamma is None else Curve(tags.gamma)
    name = "sRGB curve" if tags.gamma is None else f"gamma {tags.gamma:.5g}"
    if tags.gamma is not None and not 0.1 <= tags.gamma <= 10:
        notes.append(_BROKEN)
        return None
    if tags.chromaticities is not None:
        name += ", own primaries"
    return name, tags.chromaticities or D65_SRGB, curve, True


def _by_code_points(
    points: CodePoints, rgb: bool
) -> tuple[str, Chromaticities, Curve, bool] | None:
    if points.transfer in _HDR:
        raise ImageError(f"HDR pictures ({_HDR[points.transfer]}) are not supported")
    primaries, curve = _PRIMARIES.get(points.primaries), _CURVES.get(points.transfer)
    if primaries is None or curve is None or (rgb and points.matrix != 0):
        return None
    name = f"H.273 primaries {points.primaries}, transfer {points.transfer}"
    if (points.primaries, points.transfer) == (12, 13):
        name = "Display P3"
    return name, primaries, curve, points.full_range or not rgb  # decoders of YUV spread it


def _to_srgb(curve: Curve, full_range: bool) -> Conversion:
    values = np.arange(_TOP + 1) / _TOP
    if not full_range:
        values = np.clip((values * 255 - 16) / 219, 0, 1)
    return Conversion(to_samples(srgb_values(curve.light(values)), np.uint16))


def without_grey(colours: Colours, notes: list[str]) -> Colours:
    """Return the same for pictures of three channels, with grey converted to sRGB.

    A profile that cannot be used is left out and noted.
    """
    if colours.profile is None or colour_space(colours.profile) != "GRAY":
        return colours
    conversion = grey_to_srgb(colours.profile)
    if conversion is None:
        notes.append(wrong_profile(colours.profile))
    return Colours(profile=None, grey=False, conversion=conversion)
