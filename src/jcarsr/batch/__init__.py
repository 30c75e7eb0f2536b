"""Many files: which result goes where, what is done already, and doing the rest."""
