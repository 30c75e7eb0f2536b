"""Weights on the Hugging Face Hub: pushed with a model card, pulled into its cache."""
