"""A network with every part of the real ones, small enough to run often."""

from jcarsr import JCARSRConfig

TINY = JCARSRConfig(scale=2, channels=8, num_groups=2, sr_blocks=1, jcar_blocks=1)
