"""What a result's metadata say of how it was made, where options change it."""

from __future__ import annotations

from jcarsr.image.metadata.xmp_record import OURS, SOURCE_TYPE
from jcarsr.image.metadata.xmp_tree import Name

_SOURCES = "http://cv.iptc.org/newscodes/digitalsourcetype/"
ENHANCED = f"{_SOURCES}algorithmicallyEnhanced"
"""IPTC's digital source type of what an algorithm corrected."""

EDITED = f"{_SOURCES}compositeWithTrainedAlgorithmicMedia"
"""That of what was edited by generative means: the crisp network is taught by such a one."""


def properties_of(strength: float, crisp: float = 0.0, *, mark: bool = False) -> dict[Name, str]:
    """Return the XMP properties of a result: nothing where it is the network's alone.

    Args:
        strength: of the restored in the mix.
        crisp: share of the crisp picture.
        mark: say that the picture was enhanced, in the IPTC's terms.
    """
    return {
        **({(OURS, "Strength"): f"{strength:g}"} if strength != 1 else {}),
        **({(OURS, "Crisp"): f"{crisp:g}"} if crisp else {}),
        **({SOURCE_TYPE: EDITED if crisp else ENHANCED} if mark else {}),
    }


def facts_of(strength: float, crisp: float) -> dict[str, str]:
    """Return the shares that a comparison states, where they are used: name -> value."""
    return {
        **({"Strength": f"{100 * strength:g} %"} if strength != 1 else {}),
        **({"Crisp": f"{100 * crisp:g} %"} if crisp else {}),
    }
