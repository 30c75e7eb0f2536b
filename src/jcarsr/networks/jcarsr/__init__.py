"""The network of the paper: sizes (`config`), blocks, branches and their exchange (`network`).

This file imports nothing: `config` is read without PyTorch.
"""
