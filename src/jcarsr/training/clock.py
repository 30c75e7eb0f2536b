"""The processor's own time."""

import time

import torch


def processor_seconds() -> float:
    """Seconds that a thread of this process has worked, the mean of all that compute.

    What else the computer does is not in them. Differences count.
    """
    return time.process_time() / torch.get_num_threads()
