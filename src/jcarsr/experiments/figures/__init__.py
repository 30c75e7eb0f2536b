"""The paper's figures, from weights and rows that are there; nothing is trained."""
