"""Chat messages in, text pieces out: the models. Knows no platform, no thread, no SQL."""
