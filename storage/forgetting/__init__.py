"""What goes: people who are erased, what is old enough, and the holds under which nothing does."""
