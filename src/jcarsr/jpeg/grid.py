"""The grids on which a JPEG is coded."""

BLOCK = 8
"""Pixels of a block's side (T.81, A.1.1)."""

MCU = 16
"""Pixels of the side of what is coded together at 4:2:0: four luma blocks, one of each chroma."""
