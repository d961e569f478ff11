"""When the owners of answers are written to: tables `[jobs.digest]` and `[jobs.reviews]` of settings.toml."""

from datetime import date, datetime, timedelta
from typing import Self

from apscheduler.triggers.cron import CronTrigger
from pydantic import BaseModel, ConfigDict, Field, model_validator

from bot.jobs.time_zones import DaysOfWeek, TimeOfDay, TimeZone, hour_and_minute, zone


class OfficeHours(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    days: DaysOfWeek = Field(default="mon-fri", description="Working days, such as `mon-fri` or `sun,mon-thu`.")
    begins: TimeOfDay = Field(default="09:00", description="Nothing is written before, `HH:MM`.")
    ends: TimeOfDay = Field(default="17:00", description="Nor from then on.")
    time_zone: TimeZone = Field(default="UTC", description="Whose days and hours these are, such as `Asia/Shanghai`.")

    @model_validator(mode="after")
    def _ends_after_it_begins(self) -> Self:
        if self._length <= timedelta():
            raise ValueError("ends should be later than begins")
        return self

    def are_now(self, now: datetime) -> bool:
        here = now.astimezone(zone(self.time_zone))
        hour, minute = hour_and_minute(self.begins)
        begins = CronTrigger(day_of_week=self.days, hour=hour, minute=minute, timezone=zone(self.time_zone))
        opening = begins.get_next_fire_time(None, here.replace(hour=0, minute=0, second=0, microsecond=0))
        return bool(opening is not None and opening <= here < opening + self._length)

    def day_of(self, now: datetime) -> date:
        return now.astimezone(zone(self.time_zone)).date()

    def week_of(self, now: datetime) -> str:
        """By ISO 8601, there: `2026-W10`."""
        year, week, _ = now.astimezone(zone(self.time_zone)).isocalendar()
        return f"{year}-W{week:02}"

    @property
    def _length(self) -> timedelta:
        (begin_hour, begin_minute), (end_hour, end_minute) = hour_and_minute(self.begins), hour_and_minute(self.ends)
        return timedelta(hours=end_hour - begin_hour, minutes=end_minute - begin_minute)


class DigestSettings(OfficeHours):
    gaps: int = Field(default=8, ge=1, le=12, description="How many gaps a channel is told of in a week, at most.")
    days_back: int = Field(default=30, ge=7, le=365, description="Of how many days' questions.")


class ReviewSettings(OfficeHours):
    days_ahead: int = Field(
        default=14,
        ge=0,
        le=365,
        description="How many days before `review_by` the owner of an entry is reminded of it.",
    )
