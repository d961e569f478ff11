"""Whether what a model wrote is in the passages it was given: numbers, addresses, words. Pure functions of text."""
