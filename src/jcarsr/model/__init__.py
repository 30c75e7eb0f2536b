"""The network of the paper: sizes (`config`), blocks, branches and their exchange (`jcarsr`).

This file imports nothing: `jcarsr.model.config` must be readable without PyTorch.
"""
