"""How much of a restored picture its JPEG supports."""

from __future__ import annotations

import functools

from jcarsr.blas import one_blas_thread
from jcarsr.image.picture import Picture
from jcarsr.jpeg.components import read_components
from jcarsr.jpeg.support import Support, measure_support
from jcarsr.pixels import Floats


class SupportOf:
    """A result compared with the intervals of its input's coefficients, see `jpeg.support`.

    It is done when it is first asked for: a writer can do it meanwhile.

    Args:
        result: of any size, turned as `picture` is.
        picture: the input, as decoded.
    """

    def __init__(self, result: Picture, picture: Picture) -> None:
        self._result, self._picture = result, picture

    @property
    def support(self) -> Support | None:
        """As `measure_support` says it.

        None also where the input is no whole JPEG of luma and chroma, or the result is smaller.
        """
        return self._found[0] if self._found else None

    @property
    def shares(self) -> Floats | None:
        """As `measure_support` says them; None where there is no `support`."""
        return self._found[1] if self._found else None

    @functools.cached_property
    @one_blas_thread()
    def _found(self) -> tuple[Support, Floats] | None:
        result, picture = self._result, self._picture
        sizes = zip(result.samples.shape[:2], picture.samples.shape[:2], strict=True)
        if picture.jpeg is None or any(ours < own for ours, own in sizes):
            return None
        try:
            components = read_components(picture.jpeg)
        except OSError:
            return None
        if not components:
            return None
        return measure_support(components, picture.samples, result.samples)
