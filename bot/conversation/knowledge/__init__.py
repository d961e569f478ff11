"""What the company knows, and whether it answers a question: retrieval, the gate, checks of generated text."""
