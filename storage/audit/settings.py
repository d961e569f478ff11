"""Settings of the audit log."""

from dataclasses import dataclass
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field


@dataclass(frozen=True, slots=True)
class AuditFiles:
    """Where the keys of the log are, and where its checkpoints are written down."""

    names_key: Path
    signing_key: Path
    checkpoints: Path


class AuditSettings(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    signing_key: Path | None = Field(
        default=None,
        description="File of the key that signs checkpoints (Ed25519, PEM). Empty: `audit-signing.key` in the data "
        "folder. Made at the first start.",
    )
    checkpoint_entries: int = Field(
        default=1_000, ge=1, description="A checkpoint is signed over every so many entries of the audit log."
    )
    checkpoint_seconds: float = Field(
        default=3_600, gt=0, description="And over what there is, when the last one is so many seconds old."
    )
    checkpoint_file: Path | None = Field(
        default=None,
        description="File to which every checkpoint is added: copy it, or let it stand, where nobody who can write the "
        "database can write. Empty: `audit-checkpoints.jsonl` in the data folder.",
    )
    checkpoint_syslog: str = Field(
        default="",
        description="Where checkpoints are sent besides: `/dev/log`, or HOST or HOST:PORT (UDP). Empty: nowhere.",
    )

    def files(self, data_dir: Path) -> AuditFiles:
        return AuditFiles(
            names_key=data_dir / "audit.key",
            signing_key=self.signing_key or data_dir / "audit-signing.key",
            checkpoints=self.checkpoint_file or data_dir / "audit-checkpoints.jsonl",
        )
