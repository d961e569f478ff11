"""Every sentence of the pages has its Chinese, and every Chinese its sentence."""

import re
from pathlib import Path

from bot import admin
from bot.admin.audit_pages import DETAILS, LOOKS, SUBJECTS
from bot.admin.chinese import CHINESE
from bot.admin.transcripts import FIGURES, WHYS
from bot.admin.words import Words
from bot.conversation.learning.gaps import Reason
from bot.conversation.learning.obstacles import Obstacle
from bot.conversation.messages import Outcome
from storage.admin.records import Report, Role
from storage.audit.search_index import ABOUT_AN_EXCHANGE
from storage.basis import BasisKind
from storage.feedback import Verdict
from storage.figures import WAYS
from storage.forgetting.holds import Scope
from storage.knowledge.records import EntryStatus
from storage.records import CLOSED_STATES

FOLDER = Path(admin.__file__).parent
_LITERAL = r'"((?:[^"\\]|\\.)*)"'
_IN_TEMPLATES = [re.compile(rf"\bt\(\s*(?:{_LITERAL}|'((?:[^'\\]|\\.)*)')\s*[,)]")]
_COUNTED = re.compile(rf"\bcounted\([^\"']*{_LITERAL},\s*{_LITERAL}\)")
_IN_CODE = [
    re.compile(rf"\b(?:bad_request|Refused|words|not_now|N_)\((?:\s*HTTPStatus[^,]*,)?\s*{_LITERAL}"),
    re.compile(rf"\bsentence = {_LITERAL}"),
    re.compile(rf"super\(\).__init__\(HTTPStatus\.\w+, {_LITERAL}"),
]


EVENTS = ABOUT_AN_EXCHANGE - {"question", "question_edited", "reply"}
JOBS = (
    "stuck_replies duplicates catch_up variants checkpoints retention audit_index "
    "WeeklyDigest ReviewReminders model_update"
).split()


def sentences() -> set[str]:
    found = {f"role: {role}" for role in Role} | {f"status: {status}" for status in EntryStatus}
    found |= {str(clause) for clause in (*Reason, *Obstacle)}
    found |= {f"outcome: {one}" for one in Outcome} | {f"basis: {one}" for one in BasisKind}
    found |= {f"verdict: {one}" for one in Verdict} | {f"event: {one}" for one in (*LOOKS, *EVENTS)}
    found |= {f"scope: {one}" for one in Scope} | {f"figure: {one}" for one in FIGURES}
    found |= {f"report: {one}" for one in Report} | {f"why: {one}" for one in WHYS}
    found |= {f"state: {one}" for one in CLOSED_STATES} | {
        f"detail: {one}" for one in (*DETAILS, *SUBJECTS, "count", "user")
    }
    found |= {f"way: {one}" for one in WAYS}
    found |= {f"request: {one}" for one in ("export", "erasure")} | {f"job: {one}" for one in JOBS}
    for path in FOLDER.rglob("*.html"):
        text = path.read_text("utf-8")
        found |= {one or other for pattern in _IN_TEMPLATES for one, other in pattern.findall(text)}
        found |= {one for pair in _COUNTED.findall(text) for one in pair}
    for path in FOLDER.rglob("*.py"):
        text = path.read_text("utf-8")
        found |= {one for pattern in _IN_CODE for one in pattern.findall(text)}
        found |= {one for pair in _COUNTED.findall(text) for one in pair}
    return found - {""}


def test_every_sentence_has_its_chinese_and_no_chinese_is_left_over() -> None:
    assert sorted(sentences() - CHINESE.keys()) == []
    assert sorted(CHINESE.keys() - sentences()) == []


def test_what_is_filled_in_stands_in_both() -> None:
    wrong = [
        one for one, other in CHINESE.items() if set(re.findall(r"\{\w+\}", one)) != set(re.findall(r"\{\w+\}", other))
    ]

    assert wrong == []


def test_numbers_are_readable() -> None:
    assert Words("en").counted(48_211, "{count} entry", "{count} entries") == "48,211 entries"
