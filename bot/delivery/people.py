"""Where people are asked what an answer leaves open: the channel of who owns it, else the one for everything."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from storage.basis import Basis

_CHANNEL = re.compile(r"[CG][A-Z0-9_]{5,}")


@dataclass(frozen=True, slots=True)
class People:
    """`channel`: for whatever has no owner with one of its own; empty: nobody is asked about that."""

    channel: str = ""
    of_owners: Mapping[str, str] = field(default_factory=dict)

    def channel_for(self, basis: Basis | None) -> str | None:
        """Of whoever looks after what a reply rests on, or after what came nearest."""
        return self.channel_of(owner_of(basis))

    def channel_of(self, owner: str) -> str | None:
        """`owner`: of an entry, "" for nobody in particular."""
        if owner in self.of_owners:
            return self.of_owners[owner]
        return owner if _CHANNEL.fullmatch(owner) else self.channel or None


NOBODY = People()


def owner_of(basis: Basis | None) -> str:
    return basis.entries[0].owner if basis is not None and basis.entries else ""
