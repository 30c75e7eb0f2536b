import logging

import pytest

from jcarsr.export.quiet import quiet_logger


@pytest.mark.parametrize("name", [None, "some.library"])
def test_warnings_come_back_afterwards(name: str | None) -> None:
    logger = logging.getLogger(name)
    before = logger.level
    with pytest.raises(KeyError), quiet_logger(name):
        assert not logger.isEnabledFor(logging.WARNING)
        assert logger.isEnabledFor(logging.ERROR)
        raise KeyError
    assert logger.level == before
