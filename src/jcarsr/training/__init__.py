"""Training: recipes (what), task (one step), run (the loop on its engine)."""
