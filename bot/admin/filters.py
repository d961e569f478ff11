"""What conversations are looked for by, as it stands in an address: whoever gets the link sees the same search."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo

from yarl import URL

from bot.admin.errors import bad_request
from bot.admin.visits import Visit
from storage.admin.records import Deed
from storage.audit.conversations import Filters
from storage.audit.reading import AuditReader

NAMES = ("text", "person", "channel", "platform", "outcome", "basis", "verdict", "model_id", "since", "until")
PATH = "/admin/audit"


@dataclass(frozen=True, slots=True)
class Search:
    """`said`: what the address says, by `NAMES`, without what is empty."""

    said: Mapping[str, str]

    @property
    def path(self) -> str:
        return self.path_with({})

    def path_with(self, more: Mapping[str, str], path: str = PATH) -> str:
        return str(URL(path).with_query({**self.said, **more}))

    def deed(self, reason: str) -> Deed:
        """For the record: that somebody looked for this."""
        return Deed("conversations_searched", {"filters": " ".join(sorted(self.said))}, {**self.said, "reason": reason})

    async def filters(self, reader: AuditReader, zone: tzinfo) -> Filters:
        """Raises: Refused, for a day that is none."""
        said = {name: self.said.get(name, "") for name in NAMES}
        person, since, until = said.pop("person"), said.pop("since"), said.pop("until")
        return Filters(
            **said,
            actors=await reader.pseudonyms_of(person) if person else None,
            since=_begin_of(since, zone),
            until=_begin_of(until, zone, later=timedelta(days=1)),
        )


def search_of(visit: Visit) -> Search:
    return Search({name: value for name in NAMES if (value := visit.query(name))})


def _begin_of(day: str, zone: tzinfo, later: timedelta = timedelta()) -> datetime | None:
    """None: no day is named. Raises: Refused."""
    try:
        begin = datetime.combine(date.fromisoformat(day), time(), zone) + later if day else None
        return None if begin is None else begin.astimezone(UTC)
    except (ValueError, OverflowError):
        raise bad_request("{text} is no date: write it as 2026-12-31.", text=day[:20]) from None
