"""What the company knows: FAQ entries with their revisions, handbook passages, and how they are found."""
