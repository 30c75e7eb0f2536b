"""Authors' weight files -> weight files of ours: one reader a kind of file, `run` finds it."""
