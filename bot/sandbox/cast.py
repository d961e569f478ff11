"""Who is in the workspace: fictional people, the app, the channels it starts with. Constants only."""

from dataclasses import dataclass
from typing import Any

TEAM_ID = "T0NORTHWIND"
TEAM_NAME = "Northwind Kettles"
TEAM_DOMAIN = "northwind-kettles"
APP_ID = "A0INTHREAD"
BOT_ID = "B0INTHREAD"
BOT_USER_ID = "U0INTHREAD"
BOT_NAME = "inthread"


@dataclass(frozen=True, slots=True)
class Person:
    id: str
    name: str
    real_name: str
    title: str
    tz: str
    tz_offset: int
    locale: str
    is_bot: bool = False

    def as_api(self) -> dict[str, Any]:
        profile = {
            "real_name": self.real_name,
            "display_name": self.name,
            "title": self.title,
            "email": f"{self.name}@northwind-kettles.example",
            "image_48": "",
            "team": TEAM_ID,
        }
        if self.is_bot:
            profile |= {"bot_id": BOT_ID, "api_app_id": APP_ID}
            del profile["email"]
        return {
            "id": self.id,
            "team_id": TEAM_ID,
            "name": self.name,
            "real_name": self.real_name,
            "deleted": False,
            "tz": self.tz,
            "tz_label": self.tz,
            "tz_offset": self.tz_offset,
            "locale": self.locale,
            "profile": profile,
            "is_admin": False,
            "is_owner": False,
            "is_restricted": False,
            "is_ultra_restricted": False,
            "is_bot": self.is_bot,
            "is_app_user": False,
            "updated": 1_700_000_000,
        }


BOT = Person(BOT_USER_ID, BOT_NAME, "inthread", "", "Europe/Amsterdam", 3600, "en-US", is_bot=True)

EMPLOYEES = (
    Person("U0ALICE", "alice", "Alice Okafor", "Product designer", "Europe/London", 0, "en-GB"),
    Person("U0BRUNO", "bruno", "Bruno Silva", "Warehouse lead", "Europe/Lisbon", 0, "en-US"),
    Person("U0CHENWEI", "chenwei", "陈薇", "Finance analyst", "Asia/Shanghai", 28_800, "zh-CN"),
    Person("U0DANA", "dana", "Dana Novak", "People partner", "Europe/Prague", 3600, "en-US"),
)

_EVERYBODY = tuple(person.id for person in EMPLOYEES)

# (id, name, kind, purpose, members). The bot is not in #random: posting there answers not_in_channel, as it would.
CHANNELS: tuple[tuple[str, str, str, str, tuple[str, ...]], ...] = (
    ("C0GENERAL", "general", "channel", "Everybody, everything", (*_EVERYBODY, BOT_USER_ID)),
    ("C0HELPHR", "help-hr", "channel", "Holidays, pay, parental leave", (*_EVERYBODY, BOT_USER_ID)),
    ("C0HELPIT", "help-it", "channel", "Laptops, accounts, printers", (*_EVERYBODY, BOT_USER_ID)),
    ("C0RANDOM", "random", "channel", "Anything else", _EVERYBODY),
    ("C0PEOPLEOPS", "people-ops", "group", "Private: the people team", ("U0DANA", "U0ALICE", BOT_USER_ID)),
)

# User groups: (id, handle, members).
USER_GROUPS: tuple[tuple[str, str, tuple[str, ...]], ...] = (("S0PEOPLE", "people-team", ("U0DANA", "U0ALICE")),)
