"""The paper's experiments: a declarative file each, jobs that are known by a hash, reports."""
