"""EXIF, XMP, IPTC and comments: read whole, carried over to a result of another size."""
