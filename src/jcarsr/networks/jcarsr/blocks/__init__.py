"""The paper's building blocks, one idea a file."""
