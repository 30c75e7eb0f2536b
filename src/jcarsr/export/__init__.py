"""A weight file's graphs, for engines without PyTorch."""
