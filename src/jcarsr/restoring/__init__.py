"""One picture in, one restored picture out: size, tiles, memory, transparency, frames."""
