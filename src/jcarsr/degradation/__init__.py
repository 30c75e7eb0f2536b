"""How a picture becomes a small, JPEG-compressed one: steps, and how they are drawn."""
