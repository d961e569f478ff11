"""The seam between delivery and a chat platform.

A platform hands in questions as `IncomingMessage` and takes replies through a `ReplySurface`. What it can do is data
(`Capabilities`), so that delivery decides pacing, splitting and recovery once, for every platform.
"""

from collections.abc import AsyncGenerator, Callable, Collection
from dataclasses import dataclass
from datetime import datetime
from enum import Enum, auto
from typing import Protocol

from bot.conversation.messages import IncomingMessage
from storage.records import Reply


class Phase(Enum):
    """What a message of ours shows at the moment."""

    STATUS = auto()  # a placeholder: working, waiting in line
    GROWING = auto()  # the answer so far
    FINAL = auto()  # nothing will be added


class Act(Enum):
    """What a button below a reply asks for."""

    CHOOSE = "choose"  # one of the suggested entries: `Button.number`
    DECLINE = "decline"  # none of them
    ASK_PEOPLE = "ask_people"  # somebody who knows, instead
    CREATE_ENTRY = "create_entry"  # for the gap of this number
    ADD_VARIANT = "add_variant"  # the gap's words, to the nearest entry
    DISMISS_GAP = "dismiss_gap"
    OPEN_ENTRY = "open_entry"  # to be reviewed


@dataclass(frozen=True, slots=True)
class Confirmation:
    """What is asked before a button does what it says."""

    title: str
    text: str
    yes_label: str
    no_label: str


@dataclass(frozen=True, slots=True)
class Button:
    """`number`: of several that ask for the same, from 1."""

    act: Act
    label: str
    number: int = 0
    confirmation: Confirmation | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Where a text comes from, to stand below it. `kind`: what it is. `url`: of the title, https, or empty.

    `facts`: who answers for it, since when. `warning`: what speaks against it.
    """

    kind: str
    title: str
    url: str = ""
    facts: tuple[str, ...] = ()
    warning: str = ""
    is_verified: bool = False


@dataclass(frozen=True, slots=True)
class Item:
    """One of several things that a message tells of, with what can be done about it. `text` is plain."""

    text: str
    buttons: tuple[Button, ...] = ()


@dataclass(frozen=True, slots=True)
class Thumbs:
    """Buttons for what a person thinks of the answer."""

    up_label: str
    down_label: str


@dataclass(frozen=True, slots=True)
class Content:
    """What one message shows: always the whole of it. `note` is a small line below the text.

    `is_stored`: the company itself wrote the text, and it is shown character for character. All other text is made
    harmless first.
    """

    text: str
    phase: Phase
    note: str = ""
    stop_label: str = ""  # of a button that ends generation; empty: no button
    ask_again_label: str = ""  # of a button that asks the same question once more; empty: no button
    is_stored: bool = False
    sources: tuple[Source, ...] = ()
    items: tuple[Item, ...] = ()
    buttons: tuple[Button, ...] = ()
    thumbs: Thumbs | None = None


@dataclass(frozen=True, slots=True)
class Posted:
    """A message of ours that was found on the platform."""

    part: int
    ref: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Capabilities:
    """What a platform can do, as data.

    `edits_per_minute` counts all edits of one tenant together. `length_of` measures a text as the platform does, in
    the form in which it is sent; a message may measure at most `max_length`. Without `has_buttons`, what they would
    offer stands in the text.
    """

    edits_per_minute: int
    min_edit_interval_seconds: float
    max_length: int
    length_of: Callable[[str], int]
    has_buttons: bool = True


@dataclass(frozen=True, slots=True)
class Place:
    """A channel of a platform, as watermarks name it."""

    tenant: str
    channel: str


class ReplySurface(Protocol):
    """One reply on one platform. Every call may raise `PlatformError`; each subclass says what became of the call."""

    @property
    def takes_growth(self) -> bool:
        """Whether a message can be changed once it stands. Where not, it is sent once, when the text is whole."""

    async def post(self, part: int, content: Content) -> str:
        """Show a new message, marked with the reply's id and part; the platform's reference to it. Never repeats."""

    async def edit(self, ref: str, content: Content) -> None:
        """Replace everything that the message shows. Repeating it does no harm."""

    async def find_posted(self, since: datetime) -> list[Posted]:
        """Messages of this reply posted at or after `since`, oldest first, found by their marks."""

    async def delete(self, ref: str) -> None:
        """Take the message away; one that is gone already is fine."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PastPost:
    """A post that was found by looking back. `was_answered`: somebody else has replied to it meanwhile.

    `has_our_reply`: a message of ours replies to it, whether that is on record or not.
    """

    message: IncomingMessage
    was_answered: bool = False
    has_our_reply: bool = False


class History(Protocol):
    """For platforms that can be asked what was posted: events may never come, however often they are repeated."""

    async def places(self) -> list[Place]:
        """Every channel that we can read. Raises: PlatformError."""

    def posts(self, place: Place, since: datetime) -> AsyncGenerator[PastPost, None]:
        """What was asked of us in this channel and its threads since then, oldest first. Raises: PlatformError."""


class Platform(Protocol):
    """A chat platform. Runs from `start` to `stop`; accepts nothing after `stop_intake`."""

    name: str
    capabilities: Capabilities

    @property
    def history(self) -> History | None:
        """Where to look for posts whose event was missed. None: nothing can be missed, or nothing can be looked up."""

    async def start(self) -> None:
        """Check the credentials and begin to take events. Raises: PlatformUnauthorized, PlatformUnavailable."""

    @property
    def is_ready(self) -> bool:
        """Whether events are taken at this moment."""

    def surface(self, reply: Reply) -> ReplySurface: ...

    async def groups_of(self, user: str, among: Collection[str]) -> frozenset[str]:
        """Those of these user groups, by the platform's ids, that the person is known to be in. Never raises."""

    async def stop_intake(self) -> None: ...

    async def stop(self) -> None: ...
