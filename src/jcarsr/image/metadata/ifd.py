"""What the directories of TIFF structures are made of (TIFF 6.0, section 2; Exif 2.32, 4.6.3)."""

from __future__ import annotations

ORDERS = {b"II*\0": "<", b"MM\0*": ">"}
"""How a structure begins -> its byte order, as `struct` calls it."""

SIZES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4, 16: 8}
"""Type -> bytes of one value; 13 is a directory's place, 16 a long integer."""

SHORT, LONG, RATIONAL, PLACE = 3, 4, 5, 13
"""Types of unsigned numbers; LONG or PLACE says where a directory is."""

CAMERA, GPS, INTEROP = 34665, 34853, 40965
"""Tags that lead to the directories of EXIF data."""
