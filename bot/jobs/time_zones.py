"""Days and hours as settings name them: of whoever lives there, not of the machine."""

from datetime import UTC, tzinfo
from typing import Annotated
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from apscheduler.triggers.cron import CronTrigger
from pydantic import AfterValidator, Field


def zone(name: str) -> tzinfo:
    """UTC needs no table of zones, which small systems lack."""
    return UTC if name == "UTC" else ZoneInfo(name)


def hour_and_minute(time_of_day: str) -> tuple[int, int]:
    hour, minute = time_of_day.split(":")
    return int(hour), int(minute)


def _known_zone(name: str) -> str:
    try:
        zone(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError("is no time zone that this machine knows") from None
    return name


def _known_days(days: str) -> str:
    CronTrigger(day_of_week=days, timezone=UTC)
    return days


TimeZone = Annotated[str, AfterValidator(_known_zone)]
DaysOfWeek = Annotated[str, AfterValidator(_known_days)]
TimeOfDay = Annotated[str, Field(pattern=r"^([01]\d|2[0-3]):[0-5]\d$")]
