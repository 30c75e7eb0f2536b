"""A decoded picture as a value: samples and all that a file says besides them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace

from jcarsr.image.geometry import Stored, swaps_sides
from jcarsr.jpeg.last_save import LastSave
from jcarsr.pixels import Samples


@dataclass(frozen=True)
class Metadata:
    """What a file carries besides its pixels; None = it carries none."""

    icc_profile: bytes | None = None
    exif: bytes | None = None  # "Exif\\0\\0" and a TIFF structure; without thumbnail
    xmp: bytes | None = None
    iptc: bytes | None = None  # records of IPTC-IIM
    dpi: tuple[float, float] | None = None
    comments: tuple[bytes, ...] = ()  # of a JPEG or GIF, in an encoding that it does not tell
    stored: Stored | None = None  # the picture that they speak of; None = the result itself


@dataclass(frozen=True)
class Picture:
    """A still, as stored: not turned upright, because a JPEG's grid lies in the stored order.

    Colour under transparent pixels is as the file has it, not multiplied by `alpha`.
    """

    samples: Samples  # (H, W, 3) RGB, uint8 or uint16; three equal channels if grey
    alpha: Samples | None = None  # (H, W) of the same type; None = opaque
    grey: bool = False  # to be saved as one channel
    orientation: int = 1  # EXIF value, 1 to 8: how to turn the samples upright
    metadata: Metadata = field(default_factory=Metadata)
    notes: tuple[str, ...] = ()  # what the user should know, a few words each
    last_save: LastSave = field(default_factory=LastSave)  # what the file says of how it was saved
    jpeg: bytes | None = None  # the file, if `samples` are what a whole JPEG decodes to

    @property
    def size(self) -> tuple[int, int]:
        """(width, height), upright."""
        height, width = self.samples.shape[:2]
        return (height, width) if swaps_sides(self.orientation) else (width, height)

    def noting(self, note: str) -> Picture:
        """The same with one more note."""
        return replace(self, notes=(*self.notes, note))


@dataclass(frozen=True)
class Animation:
    """Pictures shown one after another; its frames are decoded when they are asked for."""

    size: tuple[int, int]  # (width, height)
    milliseconds: tuple[float, ...]  # how long each frame is shown
    plays: int  # how often all is shown; 0 = for ever
    metadata: Metadata
    decode_frames: Callable[[], Iterator[Picture]]
    notes: tuple[str, ...] = ()  # as a picture's

    def __len__(self) -> int:
        return len(self.milliseconds)
