"""What all training runs of these tests share."""

from support.training import flops as flops
