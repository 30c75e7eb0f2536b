"""A picture's colours: what its file says of them, and what the result's is given."""
