"""What became of the questions: in Slack, in the database, in the audit log."""

import json
import shutil
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

from storage.audit.checking import ChainCheck, ChainedEntry
from storage.audit.key_store import open_body_keys
from storage.audit.keys import BodyKeys
from storage.inspection import find_damage, open_connection
from tools.faults.house import House
from tools.faults.questions import (
    INTERRUPTED,
    Question,
    looks_unfinished,
    replies_to,
    reply_id_in,
    says_restarting,
    text_of,
)

DATABASE = "inthread.db"
AUDIT_COLUMNS = ("seq", "header", "body_digest", "prev", "hash", "key_id", "sealed")


@dataclass
class Verdict:
    """How many questions came to harm. `told`: those who were told that they were interrupted, as they should."""

    cases: int = 0
    lost: int = 0
    doubled: int = 0
    wrong: int = 0
    told: int = 0
    evidence: list[str] = field(default_factory=list)

    @property
    def is_clean(self) -> bool:
        return self.cases > 0 and not (self.lost or self.doubled or self.wrong)

    def add(self, other: "Verdict") -> None:
        for name in ("cases", "lost", "doubled", "wrong", "told"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.evidence += other.evidence


def judge(house: House) -> Verdict:
    """Look at every question and every message of ours. The service has stopped."""
    verdict = Verdict(cases=len(house.questions))
    for question in house.questions:
        _judge_question(house, question, verdict)
    _judge_strays(house, verdict)
    _judge_records(house, verdict)
    return verdict


def _judge_question(house: House, question: Question, verdict: Verdict) -> None:
    replies = replies_to(house.sandbox, question)
    if not replies:
        verdict.lost += 1
        verdict.evidence.append(f"lost: {question.text} ({question.reply_id})")
    elif len(replies) > 1:
        verdict.doubled += 1
        verdict.evidence.append(f"doubled: {question.text}: {[text_of(reply)[:60] for reply in replies]}")
    elif looks_unfinished(replies[0]) or says_restarting(replies[0]):
        verdict.lost += 1
        verdict.evidence.append(f"unfinished: {question.text} ({question.reply_id}): {text_of(replies[0])[:60]!r}")
    elif text_of(replies[0]) == INTERRUPTED and question.may_be_given_up:
        verdict.told += 1
    elif not question.is_answered_by(text_of(replies[0])):
        verdict.wrong += 1
        deaths = f"{question.deaths} deaths, {question.deaths_while_growing} while it grew"
        verdict.evidence.append(f"wrong: {question.text} ({deaths}): {text_of(replies[0])[:90]!r}")


def _judge_strays(house: House, verdict: Verdict) -> None:
    """Messages of ours that answer nobody."""
    asked = {question.reply_id for question in house.questions}
    for channel in house.sandbox.channels.values():
        for message in channel.messages.values():
            if message.by_bot and reply_id_in(message) not in asked:
                verdict.doubled += 1
                verdict.evidence.append(f"stray: {message.text[:60]!r}")


def _judge_records(house: House, verdict: Verdict) -> None:
    """Each question is on record once; so are it and its reply in the audit log, whose chain is whole."""
    asked = {question.reply_id for question in house.questions}
    with open_connection(house.folder / DATABASE) as connection:
        recorded = Counter(row[0] for row in connection.execute("SELECT reply_id FROM reply"))
        rows = connection.execute(f"SELECT {', '.join(AUDIT_COLUMNS)} FROM audit_entry ORDER BY seq").fetchall()
    keys = open_body_keys(house.folder / "audit-keys.db", house.folder / "audit-master.key")
    entries = [_entry(keys, *row) for row in rows]
    _compare("record", asked, recorded, verdict)
    headers = [json.loads(entry.header) for entry in entries]
    for kind in ("question", "reply"):
        found = Counter(str(header["reply_id"]) for header in headers if header["kind"] == kind)
        _compare(f"audit entry of kind {kind}", asked, found, verdict)
    _check_chain(entries, verdict)


def _entry(
    keys: BodyKeys, seq: int, header: str, digest: bytes, prev: bytes, hash: bytes, key_id: bytes, sealed: bytes
) -> ChainedEntry:
    salt, body = (sealed and keys.open(key_id, sealed)) or (None, None)
    return ChainedEntry(seq, header.encode(), digest, prev, hash, salt, body)


def _check_chain(entries: Sequence[ChainedEntry], verdict: Verdict) -> None:
    check = ChainCheck()
    if all(check.take(entry) for entry in entries):
        check.end()
    if check.verdict.first_bad is not None:
        verdict.wrong += 1
        verdict.evidence.append(f"audit entry {check.verdict.first_bad}: {check.verdict.reason}")


def _compare(what: str, asked: set[str], found: Counter[str], verdict: Verdict) -> None:
    for reply_id in asked | set(found):
        if found[reply_id] != (reply_id in asked):
            verdict.wrong += 1
            verdict.evidence.append(f"{found[reply_id]} × {what} of {reply_id}, to be {int(reply_id in asked)}")


def looks_busy(house: House) -> list[str]:
    """What a person would take for something still to come: a stop button, a status, a session at work."""
    messages = [message for channel in house.sandbox.channels.values() for message in channel.messages.values()]
    unfinished = [text_of(message)[:60] for message in messages if message.by_bot and looks_unfinished(message)]
    statuses = house.sandbox.statuses.all()
    return unfinished + [f"session in {channel}" for (channel, _), s in statuses.items() if s.session == "processing"]


def damage(folder: Path) -> list[str]:
    """What SQLite's own checks find in the database as a kill left it.

    Looked at in a copy: opening the file would mend it before the service's next start has to.
    """
    with TemporaryDirectory(prefix="inthread-check-") as scratch:
        for part in folder.glob(f"{DATABASE}*"):
            shutil.copy(part, scratch)
        if not (copy := Path(scratch) / DATABASE).exists():
            return []
        with open_connection(copy, read_only=False) as connection:
            return find_damage(connection)
