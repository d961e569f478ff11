"""What the pages about the log need of the rest of the service."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import tzinfo

from storage.audit.checkpointing import CheckpointStore
from storage.audit.pseudonyms import Pseudonym
from storage.audit.reading import AuditReader
from storage.audit.search_index import SearchIndex
from storage.audit.signing import Signer
from storage.audit.store import AuditStore


@dataclass(frozen=True, slots=True, kw_only=True)
class Archive:
    """`pseudonym`: what the log calls somebody.

    `zone`: whose days searches are by. `link_hosts`: where links of answers may lead.
    """

    reader: AuditReader
    pseudonym: Pseudonym
    index: SearchIndex
    store: AuditStore
    checkpoints: CheckpointStore
    signer: Signer
    zone: tzinfo
    link_hosts: Sequence[str] = ()
