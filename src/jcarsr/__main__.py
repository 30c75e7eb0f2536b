"""`python -m jcarsr`, which torchrun needs."""

from jcarsr.cli import main

main()
