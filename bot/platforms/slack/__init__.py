"""Slack: Socket Mode in, Web API out. The only place that imports slack_bolt and slack_sdk."""
