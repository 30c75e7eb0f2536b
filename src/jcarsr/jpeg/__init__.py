"""JPEG as such: codec, tables, quality, the coded data, traces of saves in pixels."""
