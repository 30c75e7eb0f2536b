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
    """The ICC profile of the samples; None = sRGB."""
    exif: bytes | None = None
    """EXIF data: the six bytes of its mark and a TIFF structure, without thumbnail."""
    xmp: bytes | None = None
    """The XMP packet."""
    iptc: bytes | None = None
    """Records of IPTC-IIM."""
    dpi: tuple[float, float] | None = None
    """(horizontal, vertical) pixels an inch."""
    comments: tuple[bytes, ...] = ()
    """Comments of a JPEG or GIF, in an encoding that the file does not name."""
    texts: tuple[tuple[str, str], ...] = ()
    """(keyword, text) of a PNG, but for those in which it keeps other metadata."""
    stored: Stored | None = None
    """Geometry of the picture that the metadata describe; None = the result itself."""


@dataclass(frozen=True)
class Picture:
    """A still, as stored: not turned upright, because a JPEG's grid lies in the stored order.

    Colour under transparent pixels is as the file has it, not multiplied by `alpha`.
    """

    samples: Samples
    """(H, W, 3) RGB, uint8 or uint16; three equal channels if grey."""
    alpha: Samples | None = None
    """(H, W) of the same type, 0 = transparent; None = opaque."""
    grey: bool = False
    """Whether it is saved as one channel."""
    orientation: int = 1
    """EXIF value, 1 to 8: how to turn the samples upright."""
    metadata: Metadata = field(default_factory=Metadata)
    """What the file carries besides the pixels."""
    notes: tuple[str, ...] = ()
    """What the user should know, a few words each."""
    last_save: LastSave = field(default_factory=LastSave)
    """What the file says of how it was saved."""
    jpeg: bytes | None = None
    """The file, if `samples` are what a whole JPEG decodes to."""

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

    size: tuple[int, int]
    """(width, height), upright; frames are as stored."""
    milliseconds: tuple[float, ...]
    """How long each frame is shown."""
    plays: int
    """How often all is shown; 0 = for ever."""
    metadata: Metadata
    decode_frames: Callable[[], Iterator[Picture]]
    notes: tuple[str, ...] = ()
    """As a picture's."""

    def __len__(self) -> int:
        return len(self.milliseconds)
