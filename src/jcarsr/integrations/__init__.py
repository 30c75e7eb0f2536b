"""The network in other programs' libraries: a module each, which needs that library."""
