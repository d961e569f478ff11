"""The errors that Slack's Web API answers with: HTTP 200, `ok: false` and a code.

SlackError
└── RateLimited      HTTP 429 with Retry-After
"""

from typing import Any


class SlackError(Exception):
    """A refusal with Slack's own code; `extra` joins the body of the answer."""

    def __init__(self, code: str, **extra: Any) -> None:
        super().__init__(code)
        self.code = code
        self.extra = extra

    def __str__(self) -> str:
        return f"{self.code} {self.extra}" if self.extra else self.code


class RateLimited(SlackError):
    def __init__(self, retry_after: int) -> None:
        super().__init__("ratelimited")
        self.retry_after = retry_after


def invalid_arguments(*messages: str) -> SlackError:
    return SlackError("invalid_arguments", response_metadata={"messages": [f"[ERROR] {text}" for text in messages]})
