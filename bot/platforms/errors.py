"""Everything that a platform raises towards delivery. Foreign exceptions are translated at the platform's own border.

PlatformError
├── Ambiguous             no answer, or a broken one: the call may have taken effect. Look before repeating a post
├── RateLimited           did not happen; the platform says when to try again
├── PlatformUnavailable   did not happen: no connection, or the platform is down
├── PlatformUnauthorized  did not happen: the token is wrong, revoked, or lacks a scope
├── MessageGone           the message was deleted, or may not be edited any more
├── PlaceGone             nothing can be posted there: no such channel, archived, not a member
└── Rejected              the platform does not take this content: a mistake of ours
"""


class PlatformError(Exception):
    """Root. `code` is the platform's own word for it."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class Ambiguous(PlatformError):
    pass


class RateLimited(PlatformError):
    def __init__(self, code: str, retry_after_seconds: float) -> None:
        super().__init__(code)
        self.retry_after_seconds = retry_after_seconds


class PlatformUnavailable(PlatformError):
    pass


class PlatformUnauthorized(PlatformError):
    pass


class MessageGone(PlatformError):
    pass


class PlaceGone(PlatformError):
    pass


class Rejected(PlatformError):
    pass
