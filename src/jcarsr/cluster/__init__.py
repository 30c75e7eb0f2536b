"""Pictures in folders, object stores and tables, restored by the workers of a cluster."""
