"""What the page sends, read with distrust: after this, values have the type and the size that was asked for."""

import json
import re
from http import HTTPStatus
from typing import Any

from aiohttp import web

from bot.conversation.characters import strip_invisible
from bot.platforms.web.errors import Refused, bad_request, not_found
from storage.feedback import Verdict

NAME_CHARACTERS = 60
COMMENT_CHARACTERS = 3_000
MOST_NUMBER = 9
_NONCE = re.compile(r"[A-Za-z0-9_-]{16,64}")
_THREAD = re.compile(r"[A-Za-z0-9_-]{22}")
_REPLY = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_VERSION = re.compile(r"[0-9a-f]{8}")
_EXCHANGE = re.compile(r"[1-9][0-9]{0,8}")


async def read_object(request: web.Request) -> dict[str, Any]:
    """The body, a JSON object. Raises: Refused."""
    if request.content_type != "application/json":  # a form on another site can send everything but this
        raise Refused(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "not_json", "Send JSON as application/json.")
    try:
        body = json.loads((await request.read()).decode("utf-8"))
    except (ValueError, RecursionError):
        raise bad_request("The body is not valid JSON.") from None
    if not isinstance(body, dict):
        raise bad_request("The body is not a JSON object.")
    return body


def name_of(body: dict[str, Any]) -> str:
    name = " ".join(strip_invisible(_text(body, "name")).split())
    if not 1 <= len(name) <= NAME_CHARACTERS:
        raise bad_request(f"`name` needs 1 to {NAME_CHARACTERS} characters.")
    return name


def question_of(body: dict[str, Any], most_characters: int) -> str:
    """May be empty: delivery has a sentence for that."""
    text = _text(body, "text")
    if len(text) > most_characters:
        message = f"The question has {len(text):,} characters; at most {most_characters:,} are taken."
        raise Refused(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "too_long", message)
    return strip_invisible(text).strip()


def nonce_of(body: dict[str, Any]) -> str:
    """Made by the page for each question, the same when it sends it once more."""
    nonce = _text(body, "nonce")
    if not _NONCE.fullmatch(nonce):
        raise bad_request("`nonce` needs 16 to 64 of A-Z a-z 0-9 _ -.")
    return nonce


def number_of(body: dict[str, Any]) -> int | None:
    """Of a suggestion, from 1; None for none of them, which has to be said."""
    number = body.get("number", False)
    if number is None or (isinstance(number, int) and not isinstance(number, bool) and 1 <= number <= MOST_NUMBER):
        return number
    raise bad_request("`number` is neither the number of a suggestion nor null.")


def verdict_of(body: dict[str, Any]) -> tuple[Verdict, str | None]:
    """With the comment, None where there is none: what was said before stays then."""
    verdict = _text(body, "verdict")
    if verdict not in tuple(Verdict):
        raise bad_request("`verdict` is neither `up` nor `down`.")
    comment = None if body.get("comment") is None else strip_invisible(_text(body, "comment")).strip()
    if comment is not None and len(comment) > COMMENT_CHARACTERS:
        raise bad_request(f"`comment` takes {COMMENT_CHARACTERS:,} characters.")
    return Verdict(verdict), comment


def version_of(body: dict[str, Any]) -> str:
    """Of the notice."""
    version = _text(body, "version")
    if not _VERSION.fullmatch(version):
        raise bad_request("`version` is not that of a notice.")
    return version


def thread_of(value: object) -> str:
    """Raises: Refused, 404: what does not look like a thread id is none."""
    if not isinstance(value, str) or not _THREAD.fullmatch(value):
        raise not_found()
    return value


def reply_of(value: str) -> str:
    if not _REPLY.fullmatch(value):
        raise not_found()
    return value


def exchange_of(value: str | None) -> int | None:
    if value is None:
        return None
    if not _EXCHANGE.fullmatch(value):
        raise bad_request("`before` is not the number of an exchange.")
    return int(value)


def _text(body: dict[str, Any], key: str) -> str:
    value = body.get(key)
    if not isinstance(value, str):
        raise bad_request(f"`{key}` is missing or not a text.")
    return value
