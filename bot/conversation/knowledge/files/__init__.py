"""Entries in files that people write: YAML, CSV, Markdown with front matter. Read with every mistake, written back."""
