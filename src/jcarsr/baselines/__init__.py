"""What the network is compared with, each an Enlarger."""
