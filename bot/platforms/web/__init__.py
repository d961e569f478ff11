"""The browser chat: a page of our own as a platform."""
