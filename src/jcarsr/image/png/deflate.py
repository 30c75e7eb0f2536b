"""How PNGs with 8 bits a colour are compressed."""

from __future__ import annotations

import zlib

STRATEGY = zlib.Z_RLE
"""Matches are runs of one byte alone.

Filtered rows of a photograph hold hardly any others. To look for them takes three to five times
as long and makes photographs 2.5 % smaller to 4 % larger, drawings up to 9 % smaller.
"""
