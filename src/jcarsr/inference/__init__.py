"""Restoring: which pixels are seen together, by which engine, and where results go."""
