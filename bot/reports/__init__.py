"""What commands show of what they did or found: lines for people, values for JSON."""
