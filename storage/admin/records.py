"""What leaves the storage of the admin pages: frozen records."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from storage.audit.canonical import Scalar


class Role(StrEnum):
    VIEWER = "viewer"  # figures, never words
    AUDITOR = "auditor"  # conversations, each with a reason that is recorded
    EDITOR = "editor"  # what the company's answers say
    ERASER = "eraser"  # what goes, what is kept, and why
    ADMIN = "admin"  # who may what, and the jobs; no conversations


@dataclass(frozen=True, slots=True)
class Account:
    """`has_password` is False for those for whom a provider or a proxy vouches."""

    name: str
    roles: frozenset[Role]
    has_password: bool
    created_at: datetime


@dataclass(frozen=True, slots=True)
class SignIn:
    """A session with the roles that its account has now. `via`: `password`, `oidc` or `proxy`."""

    digest: bytes
    name: str
    roles: frozenset[Role]
    via: str
    csrf_token: str = field(repr=False)
    created_at: datetime
    seen_at: datetime


class Report(StrEnum):
    """Where somebody reads questions as people asked them, without their names."""

    GAPS = "gaps"
    DISMISSED_GAPS = "dismissed_gaps"
    VARIANTS = "variants"
    REPLAY = "replay"
    OVERVIEW = "overview"


@dataclass(frozen=True, slots=True)
class Deed:
    """What somebody has done at the admin pages, for the audit log.

    `fields` are words and numbers of ours; `words` what somebody wrote: a reason, what they looked for.
    """

    kind: str
    fields: Mapping[str, Scalar] = field(default_factory=dict)
    words: Mapping[str, Scalar] | None = field(default=None, repr=False)
