"""The trail with all its keys, from the files that the settings name."""

from storage.audit.key_store import open_body_keys
from storage.audit.pseudonyms import load_pseudonym
from storage.audit.settings import AuditFiles
from storage.audit.trail import AuditTrail


def load_trail(files: AuditFiles) -> AuditTrail:
    """Keys that are missing are made. Blocks. Raises: AuditKeyUnusable."""
    return AuditTrail(load_pseudonym(files.names_key), open_body_keys(files.body_keys, files.master_key))
