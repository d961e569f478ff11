"""What the update of the model did, on record: one entry of the audit log for each step."""

from dataclasses import dataclass
from datetime import datetime

from storage.audit.canonical import Scalar
from storage.audit.log import AuditEntry
from storage.audit.trail import AuditTrail
from storage.database import Database


@dataclass(frozen=True, slots=True)
class UpdateStep:
    """`outcome`: began, done, none, skipped, failed, or late (the window was over).

    `model`, `revision` and `sha256` (of the weights) are of what the step is about, empty where that is not known yet.
    `reason` is why, for people to read.
    """

    step: str
    outcome: str
    model: str = ""
    revision: str = ""
    sha256: str = ""
    reason: str = ""


class ModelUpdateStore:
    def __init__(self, database: Database, trail: AuditTrail) -> None:
        self._database = database
        self._trail = trail

    async def record(self, step: UpdateStep, now: datetime) -> None:
        """In one transaction. Raises: DatabaseUnavailable."""
        entry = _entry(step, now)
        await self._database.write(lambda connection: self._trail.add(connection, entry))


def _entry(step: UpdateStep, at: datetime) -> AuditEntry:
    """The reason may repeat what a hub said, so that it stands in the body, which can be erased."""
    fields: dict[str, Scalar] = {
        "step": step.step,
        "outcome": step.outcome,
        "model": step.model,
        "revision": step.revision,
        "sha256": step.sha256,
    }
    return AuditEntry("model_update", at, fields, {"reason": step.reason} if step.reason else None)
