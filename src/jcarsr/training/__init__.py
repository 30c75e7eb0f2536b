"""Training: recipes (what), task (one step's losses), loop (all steps), run (a whole training)."""
