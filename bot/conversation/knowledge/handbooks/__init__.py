"""Handbooks: folders of Markdown or plain text, split into passages that can be cited."""
