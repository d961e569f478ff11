"""Days and hours as settings name them: of whoever lives there, not of the machine."""

from datetime import UTC, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from apscheduler.triggers.cron import CronTrigger

TIME_OF_DAY = r"^([01]\d|2[0-3]):[0-5]\d$"


def zone(name: str) -> tzinfo:
    """UTC needs no table of zones, which small systems lack."""
    return UTC if name == "UTC" else ZoneInfo(name)


def checked_zone(name: str) -> str:
    """Raises: ValueError, for settings."""
    try:
        zone(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError("is no time zone that this machine knows") from None
    return name


def checked_days(days: str) -> str:
    """Raises: ValueError, for settings."""
    CronTrigger(day_of_week=days, timezone=UTC)
    return days


def hour_and_minute(time_of_day: str) -> tuple[int, int]:
    hour, minute = time_of_day.split(":")
    return int(hour), int(minute)
