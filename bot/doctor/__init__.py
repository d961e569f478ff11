"""`inthread doctor`: looks at everything that a start needs, and says of each what is wrong and what mends it."""
