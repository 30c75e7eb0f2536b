"""What can be compared: every method restores a degraded picture, `catalog` finds it by name."""
