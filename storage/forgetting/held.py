"""What holds cover: the people, channels and threads that they name, and what others said about those."""

import json
from collections.abc import Collection, Iterable, Iterator, Mapping

from sqlalchemy import Connection, select

from storage.audit.pseudonyms import Pseudonym
from storage.forgetting import traces
from storage.forgetting.holds import Held, Hold, Scope
from storage.forgetting.posts import Post
from storage.forgetting.traces import Person
from storage.knowledge.entry_rows import chunks
from storage.schema import AuditEntryRow


class HeldPlaces:
    """As of when it is made. Everything is asked for by what would go: None, nothing holds it."""

    def __init__(self, connection: Connection, pseudonym: Pseudonym, holds: Collection[Hold]) -> None:
        self._places = {(hold.held.scope, hold.held.platform, hold.held.name): hold.held for hold in holds}
        self._names: dict[object, Held] = {}  # what the log calls the people
        for held in self._places.values():
            if held.scope is Scope.PERSON:
                names = traces.pseudonyms(connection, pseudonym, Person(held.platform, held.name))
                self._names.update(dict.fromkeys(names, held))
        # What others said of their questions: feedback by the reply, answers of experts by what was put to people.
        self._replies: dict[object, Held] = {}
        self._escalations: dict[object, Held] = {}
        if self._names:
            self._replies.update(self._replies_to(connection))
        if self._places:
            self._escalations.update(self._put_to_people(connection))

    def of_header(self, header: Mapping[str, object]) -> Held | None:
        return (
            self._of_place(header)
            or self._replies.get(header.get("reply_id"))
            or self._escalations.get(header.get("escalation_id"))
        )

    def of_post(self, post: Post) -> Held | None:
        names = (Scope.PERSON, post.user), (Scope.CHANNEL, post.channel), (Scope.THREAD, post.thread)
        return next((held for scope, name in names if (held := self._places.get((scope, post.platform, name)))), None)

    def of_person(self, person: Person) -> Held | None:
        return self._places.get((Scope.PERSON, person.platform, person.user))

    def of_entries(self, connection: Connection, seqs: Iterable[int]) -> Held | None:
        """The first of these entries that is held says by what."""
        if not self._places:
            return None
        for some in chunks(seqs):
            for text in connection.execute(select(AuditEntryRow.header).where(AuditEntryRow.seq.in_(some))).scalars():
                if held := self.of_header(_said(text)):
                    return held
        return None

    def _of_place(self, header: Mapping[str, object]) -> Held | None:
        platform = str(header.get("platform"))
        for scope in (Scope.CHANNEL, Scope.THREAD):
            if held := self._places.get((scope, platform, str(header.get(scope.value)))):
                return held
        return self._names.get(header.get("actor"))

    def _replies_to(self, connection: Connection) -> Iterator[tuple[str, Held]]:
        row = AuditEntryRow
        for names in chunks(map(str, self._names)):
            asked = select(row.reply_id, row.actor).where(row.actor.in_(names), row.kind == "question")
            for reply_id, actor in connection.execute(asked):
                if reply_id:
                    yield reply_id, self._names[actor]

    def _put_to_people(self, connection: Connection) -> Iterator[tuple[str, Held]]:
        asked = select(AuditEntryRow.header).where(AuditEntryRow.kind == "people_asked")
        for header in map(_said, connection.execute(asked).scalars()):
            if held := self._of_place(header):
                yield str(header.get("escalation_id")), held


def _said(header: str) -> Mapping[str, object]:
    """Empty: it was changed. That is found by `verify`."""
    try:
        said = json.loads(header)
    except ValueError:
        return {}
    return said if isinstance(said, dict) else {}
