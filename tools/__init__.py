"""Chores that need the package: benchmarks, pictures for the documentation."""
