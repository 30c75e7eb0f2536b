"""Silence for libraries that report while a graph is made."""

from __future__ import annotations

import logging
from collections.abc import Generator
from contextlib import contextmanager


@contextmanager
def quiet_logger(name: str | None = None) -> Generator[None]:
    """Let a logger pass errors alone, for the time being; without a name it is the root's."""
    logger = logging.getLogger(name)
    before = logger.level
    logger.setLevel(logging.ERROR)
    try:
        yield
    finally:
        logger.setLevel(before)
