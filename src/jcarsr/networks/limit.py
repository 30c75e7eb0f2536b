"""A bound on the size of networks that are built."""

from __future__ import annotations

import threading
from collections.abc import Generator
from contextlib import contextmanager
from typing import Any

from torch.nn.modules import module


@contextmanager
def at_most(values: int) -> Generator[None]:
    """Let building a network in this thread fail where it gets more values than these.

    Counted is what modules get as parameters and buffers, twice if it is put in their place again.
    On the device meta it fails before memory is taken.

    Raises:
        ValueError: by what builds the network.
    """
    left, own = values, threading.get_ident()

    def count(of: Any, name: str, value: Any) -> None:
        nonlocal left
        if value is not None and threading.get_ident() == own:
            left -= value.numel()
            if left < 0:
                raise ValueError(
                    f"tensors do not fit its network (it has more than {values} values)"
                )

    hooks = (
        module.register_module_parameter_registration_hook(count),
        module.register_module_buffer_registration_hook(count),
    )
    try:
        yield
    finally:
        for hook in hooks:
            hook.remove()
