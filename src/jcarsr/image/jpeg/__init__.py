"""What is JPEG's own: whether it is whole, what stands behind it, its segments of metadata."""
