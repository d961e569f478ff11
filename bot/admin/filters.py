"""What conversations are looked for by, as it stands in an address: whoever gets the link sees the same search."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo

from yarl import URL

from bot.admin.errors import bad_request
from bot.admin.visits import Visit
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

    async def filters(self, reader: AuditReader, zone: tzinfo) -> Filters:
        """Raises: Refused, for a day that is none."""
        said = {name: self.said.get(name, "") for name in NAMES}
        person, since, until = said.pop("person"), said.pop("since"), said.pop("until")
        end = _day(until, zone)
        return Filters(
            **said,
            actors=await reader.pseudonyms_of(person) if person else None,
            since=_day(since, zone),
            until=None if end is None else end + timedelta(days=1),
        )


def search_of(visit: Visit) -> Search:
    return Search({name: value for name in NAMES if (value := visit.query(name))})


def _day(text: str, zone: tzinfo) -> datetime | None:
    try:
        return datetime.fromisoformat(text[:10]).replace(tzinfo=zone).astimezone(UTC) if text else None
    except (ValueError, OverflowError):
        raise bad_request("{text} is no date: write it as 2026-12-31.", text=text[:20]) from None
