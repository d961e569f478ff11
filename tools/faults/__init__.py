"""The fault campaign: the running service is killed, cut off, rained on and filled up, and every question is counted.

Everything here speaks to the service as Slack and the system do: by HTTP, websockets and signals.
"""
