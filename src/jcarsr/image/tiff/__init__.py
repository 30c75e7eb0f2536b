"""What is TIFF's own: its directories and how it is written."""
