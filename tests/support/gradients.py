"""Which parameters of a network learn nothing."""

from torch import nn


def without_gradient(network: nn.Module) -> list[str]:
    """Names of the parameters whose gradient is missing, zero everywhere, or not finite."""
    return [
        name
        for name, parameter in network.named_parameters()
        if (gradient := parameter.grad) is None
        or not gradient.any()
        or not gradient.isfinite().all()
    ]
