"""What is PNG's own: its chunks, rows, texts and 16 bits."""
