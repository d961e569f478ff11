"""Owners are written to when they are at work, where they live."""

from datetime import UTC, datetime

import pytest
from pydantic import ValidationError

from bot.jobs.office_hours import DigestSettings, OfficeHours


@pytest.mark.parametrize(
    ("now", "are_now"),
    [
        ("2026-03-02T09:00", True),  # a Monday
        ("2026-03-02T08:59", False),
        ("2026-03-02T16:59", True),
        ("2026-03-02T17:00", False),
        ("2026-03-01T10:00", False),  # a Sunday
    ],
)
def test_hours_of_working_days(now: str, are_now: bool) -> None:
    assert OfficeHours().are_now(datetime.fromisoformat(now).replace(tzinfo=UTC)) is are_now


def test_they_are_those_of_the_place() -> None:
    shanghai = OfficeHours(time_zone="Asia/Shanghai")
    assert shanghai.are_now(datetime(2026, 3, 2, 1, 30, tzinfo=UTC))
    assert not shanghai.are_now(datetime(2026, 3, 2, 9, 30, tzinfo=UTC))
    sunday = OfficeHours(days="sun,mon-thu", time_zone="Asia/Riyadh")
    assert sunday.are_now(datetime(2026, 3, 1, 8, 0, tzinfo=UTC))


def test_a_week_is_that_of_the_place() -> None:
    late = datetime(2026, 1, 4, 20, 0, tzinfo=UTC)  # a Sunday, already Monday in Shanghai
    assert DigestSettings().week_of(late) == "2026-W01"
    assert DigestSettings(time_zone="Asia/Shanghai").week_of(late) == "2026-W02"


@pytest.mark.parametrize(
    "wrong", [{"days": "someday"}, {"time_zone": "Mars/Base"}, {"begins": "9"}, {"begins": "17:00"}, {"ends": "08:00"}]
)
def test_what_makes_no_sense_is_refused(wrong: dict[str, str]) -> None:
    with pytest.raises(ValidationError):
        OfficeHours.model_validate(wrong)
