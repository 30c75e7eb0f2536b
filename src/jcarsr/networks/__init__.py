"""Networks: a file or a folder each, `catalog` names them, `network` says what each must offer.

This file imports nothing: `catalog` is read without PyTorch.
"""
