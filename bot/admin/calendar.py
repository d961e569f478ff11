"""Which day it is at the pages: in the zone of the settings, whatever the machine's."""

from dataclasses import dataclass
from datetime import date, tzinfo

from bot.clock import Clock
from bot.jobs.time_zones import day_in


@dataclass(frozen=True, slots=True)
class Calendar:
    zone: tzinfo
    clock: Clock

    def today(self) -> date:
        return day_in(self.zone, self.clock.now())
