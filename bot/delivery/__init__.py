"""Exactly one visible reply to every accepted question: inbox, line, writer, recovery. Knows no platform's protocol."""
