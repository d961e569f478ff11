"""The loop: what people ask and what they think of the answers makes the answers better."""
