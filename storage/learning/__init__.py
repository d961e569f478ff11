"""What people decide about the loop that makes answers better: which gaps are none, which variants are unwanted."""
