"""Changed settings are on record: which in the header, what they were in the body."""

import json

from storage.audit.settings_changes import SettingsRecord
from storage.database import Database
from tests.audit_log import audited
from tests.clock import START
from tests.conftest import TRAIL

BEFORE = {"answers.language": '"auto"', "answers.disclaimer": '"canary"', "web.enabled": "true"}
AFTER = {"answers.language": '"zh"', "answers.disclaimer": '"canary"', "slack.editors": "[]"}


async def test_the_first_start_records_all_and_the_next_nothing(database: Database) -> None:
    record = SettingsRecord(database, TRAIL)

    assert await record.record(BEFORE, START)
    assert not await record.record(dict(BEFORE), START)

    ((header, body),) = await audited(database)
    assert (header["kind"], header["is_first"], header["settings"]) == ("settings_changed", True, "")
    assert body is not None
    assert json.loads(body["settings"]) == BEFORE
    assert "canary" not in str(header)


async def test_what_was_changed_is_named(database: Database) -> None:
    record = SettingsRecord(database, TRAIL)
    await record.record(BEFORE, START)

    assert await record.record(AFTER, START)

    header, body = (await audited(database))[-1]
    assert header["settings"] == "answers.language slack.editors web.enabled"
    assert body is not None
    assert body["changes"].splitlines() == [
        'answers.language: "auto" → "zh"',
        "slack.editors: not there → []",
        "web.enabled: true → not there",
    ]
