"""`jcarsr serve`: a page and an HTTP API in front of processes that restore."""
