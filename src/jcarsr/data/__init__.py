"""Where pictures come from: known sets, training sources, the bank of training pairs."""
