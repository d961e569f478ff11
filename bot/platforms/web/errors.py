"""What the browser chat tells the page when it does not do what was asked."""

from collections.abc import Mapping
from http import HTTPStatus

from bot.conversation.phrases import Language


class Refused(Exception):
    """An HTTP error with a code that the page has words for, and a sentence for everybody else.

    `said`: our words in each language, where they are not the page's own.
    """

    def __init__(
        self,
        status: HTTPStatus,
        code: str,
        message: str,
        *,
        retry_after_seconds: int | None = None,
        said: Mapping[Language, str] | None = None,
    ) -> None:
        super().__init__(code)
        self.status = status
        self.code = code
        self.message = message
        self.retry_after_seconds = retry_after_seconds
        self.said = said


def bad_request(message: str) -> Refused:
    return Refused(HTTPStatus.BAD_REQUEST, "bad_request", message)


def not_found() -> Refused:
    return Refused(HTTPStatus.NOT_FOUND, "not_found", "There is no such thing, or it is not yours.")


def signed_out() -> Refused:
    return Refused(HTTPStatus.UNAUTHORIZED, "signed_out", "Sign in first.")


def not_now() -> Refused:
    return Refused(
        HTTPStatus.SERVICE_UNAVAILABLE,
        "not_now",
        "The service is starting or stopping and takes no questions. Try again in a moment.",
        retry_after_seconds=3,
    )


def too_many(seconds: float) -> Refused:
    return Refused(
        HTTPStatus.TOO_MANY_REQUESTS,
        "too_many",
        "That is more than one person may send at once. Wait a moment, then try again.",
        retry_after_seconds=max(1, round(seconds + 0.5)),
    )
