"""A selection of conversations as a file: JSON Lines or CSV, streamed, and signed at its end.

The last line says SHA-256 over all bytes before it, the newest checkpoint of the log, and an Ed25519 signature over the
RFC 8785 JSON of the two and the time. `inthread audit public-key` prints the key that checks it. What spreadsheets and
terminals would act on is made harmless: a formula gets an apostrophe before it, control characters go.
"""

import base64
import csv
import hashlib
import io
import json
import re
import unicodedata
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from storage.audit.canonical import Scalar, canonical, utc_text
from storage.audit.conversations import Conversation

COLUMNS = (
    "number asked_at platform channel thread exchange person question answer outcome basis verdict model_id state "
    "is_erased reply_id"
).split()
_FORMULA = re.compile(r"\s*[=+\-@＝＋－＠|%]")  # ％ and | begin a command in some readers
Sign = Callable[[bytes], bytes]


@dataclass(frozen=True, slots=True)
class Selection:
    """`pages`: the conversations, some at a time. `about`: what was selected, by whom, why."""

    pages: AsyncIterator[Sequence[Conversation]]
    about: Mapping[str, Any]
    created: datetime
    checkpoint: Mapping[str, Scalar]
    sign: Sign


async def as_json_lines(selection: Selection) -> AsyncIterator[bytes]:
    digest = hashlib.sha256()
    head = {"type": "selection", "format": 1, "created": utc_text(selection.created), **selection.about}
    yield _hashed(digest, _json(head))
    async for page in selection.pages:
        yield _hashed(digest, b"".join(_json({"type": "conversation", **_values(one)}) for one in page))
    yield _json({"type": "end", **_ending(selection, digest.hexdigest())})


async def as_csv(selection: Selection) -> AsyncIterator[bytes]:
    digest = hashlib.sha256()
    yield _hashed(digest, b"\xef\xbb\xbf" + _rows([COLUMNS]))  # the mark by which spreadsheets know UTF-8
    async for page in selection.pages:
        yield _hashed(digest, _rows([[_cell(value) for value in _values(one).values()] for one in page]))
    yield _rows([["end", json.dumps(_ending(selection, digest.hexdigest()))]])


def _values(conversation: Conversation) -> dict[str, Scalar]:
    person = conversation.user or conversation.actor
    facts = {name: getattr(conversation, name) for name in COLUMNS if name not in ("person", "asked_at")}
    return {
        name: person if name == "person" else utc_text(conversation.asked_at) if name == "asked_at" else facts[name]
        for name in COLUMNS
    }


def _ending(selection: Selection, digest: str) -> dict[str, Scalar]:
    statement: dict[str, Scalar] = {
        "sha256": digest,
        "created": utc_text(selection.created),
        **{f"checkpoint_{name}": value for name, value in selection.checkpoint.items()},
    }
    return {**statement, "signature": base64.b64encode(selection.sign(canonical(statement))).decode()}


def _hashed(digest: Any, chunk: bytes) -> bytes:
    digest.update(chunk)
    return chunk


def _json(value: Mapping[str, Any]) -> bytes:
    """Control characters are escaped by JSON itself; those that terminals obey beyond ASCII too."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return re.sub(r"[\x7f-\x9f]", lambda found: f"\\u{ord(found[0]):04x}", text).encode("utf-8", "replace") + b"\n"


def _rows(rows: Sequence[Sequence[object]]) -> bytes:
    text = io.StringIO()
    csv.writer(text, quoting=csv.QUOTE_ALL, lineterminator="\r\n").writerows(rows)
    return text.getvalue().encode("utf-8", "replace")


def _cell(value: object) -> str:
    text = "" if value is None else str(value)
    text = "".join(one for one in text if one in "\n\t" or unicodedata.category(one) not in ("Cc", "Cf", "Cs"))
    return f"'{text}" if _FORMULA.match(text) else text
