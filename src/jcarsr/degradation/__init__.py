"""How a picture becomes a small, JPEG-compressed one: resize, codec, and both in order."""
