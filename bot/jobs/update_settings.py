"""When and how a newer revision of the model is taken: table `[jobs.model_update]` of settings.toml."""

from datetime import datetime, timedelta
from pathlib import Path
from typing import Literal

from apscheduler.triggers.cron import CronTrigger
from pydantic import BaseModel, ConfigDict, Field, field_validator

from bot.jobs.time_zones import DaysOfWeek, TimeOfDay, TimeZone, hour_and_minute, zone
from inference.canary import Language
from inference.models.hub_id import parse_hub_id


class ModelUpdateSettings(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    enabled: bool = Field(
        default=False,
        description="Look for a newer revision of the active model in the window, and switch to it when it is found "
        'good. Needs `[inference] model = "active"`. The only thing that lets a running service ask a hub.',
    )
    source: str = Field(
        default="",
        description="Which branch to look at: `owner/name@branch`. By default the active model's default branch.",
    )
    days: DaysOfWeek = Field(
        default="sun", description="Days on which the window opens, such as `sat,sun` or `mon-fri`."
    )
    begins: TimeOfDay = Field(default="03:00", description="When the window opens, `HH:MM`.")
    hours: float = Field(
        default=2.0,
        gt=0,
        le=23,
        description="How long it is open. What is not done by then is given up, and a download goes on the next time.",
    )
    time_zone: TimeZone = Field(default="UTC", description="Whose days and hours these are, such as `Asia/Shanghai`.")
    switch: Literal["beside", "alone"] = Field(
        default="beside",
        description="`beside` loads the new model while the old one answers, with both in memory for a while; `alone` "
        "gives no turns until running replies have ended and the new model is loaded, so that one is in memory.",
    )
    languages: tuple[Language, ...] = Field(
        default=("en", "zh"),
        description="Languages of the built-in questions that it has to answer: leave out what the model never spoke.",
    )
    prompts_file: Path | None = Field(
        default=None, description="Text file with questions of your own that a new model has to answer, one a line."
    )
    reply_seconds: float = Field(
        default=120.0, gt=0, le=3600, description="The longest that one reply may take while a new model is tried out."
    )

    @field_validator("source")
    @classmethod
    def _is_hub_id(cls, source: str) -> str:
        if source and parse_hub_id(source) is None:
            raise ValueError("should be `owner/name` or `owner/name@branch`")
        return source

    def trigger(self) -> CronTrigger:
        """Fires when the window opens."""
        hour, minute = hour_and_minute(self.begins)
        return CronTrigger(day_of_week=self.days, hour=hour, minute=minute, timezone=zone(self.time_zone))

    def seconds_left(self, now: datetime) -> float:
        """Until the window of this day, or of the night before, closes; at most 0 outside of it."""
        here = now.astimezone(zone(self.time_zone))
        hour, minute = hour_and_minute(self.begins)
        opened = here.replace(hour=hour, minute=minute, second=0, microsecond=0)
        if opened > here:
            opened -= timedelta(days=1)
        return (opened + timedelta(hours=self.hours) - here).total_seconds()
