"""Before and after in one picture, or in one page that needs nothing else."""

from __future__ import annotations

import base64
import io
from collections.abc import Mapping
from dataclasses import dataclass, replace
from html import escape
from importlib.resources import files
from string import Template

import numpy as np

from jcarsr.image import Picture, apply_orientation, upright
from jcarsr.image.formats import LONGEST_SIDE
from jcarsr.image.picture import Metadata
from jcarsr.image.png.deflate import STRATEGY
from jcarsr.jpeg.support import Support
from jcarsr.restoring.strength import enlarge

LOSSLESS = 4_000_000
"""Pixels up to which a page holds its pictures as PNG; larger ones are JPEGs of quality 95.

Those that JPEG cannot hold stay PNG.
"""

_LINE = 2  # pixels between the halves


@dataclass(frozen=True, kw_only=True, eq=False)
class Comparison:
    """A result and its input, enlarged to the same size; both upright."""

    before: Picture
    after: Picture
    support: Support | None
    facts: Mapping[str, str]
    """name -> value, shown below the pictures."""

    def side(self) -> Picture:
        """Return one picture: its left half as before, its right half as after, a line between."""
        before, after = self.before, self.after
        middle = after.samples.shape[1] // 2
        samples = after.samples.copy()
        samples[:, :middle] = before.samples[:, :middle]
        samples[:, max(middle - _LINE // 2, 0) : middle + _LINE // 2] = np.iinfo(samples.dtype).max
        alpha = after.alpha
        if alpha is not None and before.alpha is not None:
            alpha = alpha.copy()
            alpha[:, :middle] = before.alpha[:, :middle]
        metadata = Metadata(icc_profile=after.metadata.icc_profile)
        return replace(after, samples=samples, alpha=alpha, metadata=metadata, notes=())

    def page(self, name: str) -> bytes:
        """Return an HTML file with both pictures under a slider; it asks for nothing else.

        Args:
            name: of the picture, its title.
        """
        template = Template((files("jcarsr.restoring") / "comparison.html").read_text("utf-8"))
        width, height = self.after.size
        rows = "".join(
            f"<div><dt>{escape(key)}</dt><dd>{escape(value)}</dd></div>"
            for key, value in {**self.facts, **_in_words(self.support)}.items()
        )
        text = template.substitute(
            name=escape(name),
            width=width,
            height=height,
            before=_data_url(self.before),
            after=_data_url(self.after),
            facts=rows,
        )
        return text.encode("utf-8", "backslashreplace")  # names of files may be no UTF-8


def compare(
    result: Picture, picture: Picture, support: Support | None, facts: Mapping[str, str]
) -> Comparison:
    """Put a result next to its plainly enlarged input.

    Args:
        result: of any size, turned as `picture` is.
        picture: the input.
        support: what its JPEG supports of the result.
        facts: name -> value, in the page.
    """
    before = enlarge(picture, *result.samples.shape[:2])
    return Comparison(
        before=apply_orientation(before),
        after=apply_orientation(result),
        support=support,
        facts=facts,
    )


def _data_url(picture: Picture) -> str:
    image = upright(picture)
    profile = image.info.get("icc_profile")
    file = io.BytesIO()
    small = image.width * image.height <= LOSSLESS
    if small or picture.alpha is not None or max(image.size) > LONGEST_SIDE["jpg"]:
        kind = "png"
        image.save(file, "PNG", compress_type=STRATEGY, icc_profile=profile)
    else:
        kind = "jpeg"
        image.save(file, "JPEG", quality=95, subsampling="4:4:4", icc_profile=profile)
    return f"data:image/{kind};base64,{base64.b64encode(file.getvalue()).decode()}"


def _in_words(support: Support | None) -> dict[str, str]:
    if support is None:
        return {}
    inside = f"{100 * (1 - support.outside):.1f} % of the coefficients"
    if support.outside:
        inside += f", the others {support.steps:.2f} steps off"
    left_out = f"{100 * support.saturated:.0f} % of the blocks, for saturated pixels"
    return {"Supported by the JPEG": inside, "Not compared": left_out}
