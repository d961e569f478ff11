"""Which role opens what. The only place that knows."""

from collections.abc import Iterable
from enum import StrEnum

from storage.admin.records import Role


class Permission(StrEnum):
    FIGURES = "figures"
    CONVERSATIONS = "conversations"  # look for them, read them with a reason, take them away in a file
    KNOWLEDGE = "knowledge"
    ERASURE = "erasure"  # holds, what will go, erasing
    GRANTING = "granting"  # be the second person
    JOBS = "jobs"
    ACCOUNTS = "accounts"


_OPENS = {
    Role.VIEWER: {Permission.FIGURES},
    Role.AUDITOR: {Permission.FIGURES, Permission.CONVERSATIONS, Permission.GRANTING},
    Role.EDITOR: {Permission.FIGURES, Permission.KNOWLEDGE},
    Role.ERASER: {Permission.FIGURES, Permission.ERASURE, Permission.GRANTING},
    # Not conversations: whoever gives themselves that role too is on record for it.
    Role.ADMIN: {Permission.FIGURES, Permission.KNOWLEDGE, Permission.JOBS, Permission.ACCOUNTS, Permission.GRANTING},
}


def permissions_of(roles: Iterable[Role]) -> frozenset[Permission]:
    return frozenset(permission for role in roles for permission in _OPENS[role])
