"""How much of a restored picture its JPEG supports."""

from __future__ import annotations

import functools

from jcarsr.blas import one_blas_thread
from jcarsr.image.picture import Picture
from jcarsr.jpeg.components import read_components
from jcarsr.jpeg.support import Support, measure_support
from jcarsr.pixels import Floats


class SupportOf:
    """What `support_of` finds, compared when it is first asked for: a writer can do it meanwhile.

    Args:
        result: as `support_of`.
        picture: as `support_of`.
    """

    def __init__(self, result: Picture, picture: Picture) -> None:
        self._result, self._picture = result, picture

    @functools.cached_property
    def found(self) -> tuple[Support, Floats] | None:
        """See `support_of`."""
        return support_of(self._result, self._picture)


@one_blas_thread()
def support_of(result: Picture, picture: Picture) -> tuple[Support, Floats] | None:
    """Compare a result with the intervals of its input's coefficients, see `jpeg.support`.

    Args:
        result: of any size, turned as `picture` is.
        picture: the input, as decoded.

    Returns:
        as `measure_support`; None also where the input is no whole JPEG of luma and chroma, or
        the result is smaller.
    """
    if picture.jpeg is None:
        return None
    sizes = zip(result.samples.shape[:2], picture.samples.shape[:2], strict=True)
    if any(ours < own for ours, own in sizes):
        return None
    try:
        components = read_components(picture.jpeg)
    except OSError:
        return None
    if not components:
        return None
    return measure_support(components, picture.samples, result.samples)
