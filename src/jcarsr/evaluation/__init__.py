"""Evaluation: scores as rows (`run`), the paper's numbers as data, tables made from both."""
