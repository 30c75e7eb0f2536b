"""What the network is compared with, each a Restorer."""
