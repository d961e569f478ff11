"""Texts in, unit vectors out: texts that mean the same lie close together. Knows no entry, no passage, no SQL."""
