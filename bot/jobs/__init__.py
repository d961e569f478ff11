"""What runs by the clock: a table of jobs, and plain functions."""
