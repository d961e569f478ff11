"""Settings of the audit log."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from storage.audit.shipping import syslog_place


@dataclass(frozen=True, slots=True)
class AuditFiles:
    """Where the keys of the log are, and where its checkpoints are written down."""

    names_key: Path
    signing_key: Path
    master_key: Path
    body_keys: Path
    checkpoints: Path


class AuditSettings(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    signing_key: Path | None = Field(
        default=None,
        description="File of the key that signs checkpoints (Ed25519, PEM). Empty: `audit-signing.key` in the data "
        "folder. Made at the first start.",
    )
    master_key: Path | None = Field(
        default=None,
        description="File of the key that wraps those of the texts: 32 bytes, or 64 hexadecimal digits. Keep it away "
        "from the database, as a credential of systemd for example. Empty: `audit-master.key` in the data folder. Made "
        "at the first start.",
    )
    body_keys: Path | None = Field(
        default=None,
        description="File of the keys under which the log's texts are encrypted. Empty: `audit-keys.db` in the data "
        "folder. Keep it out of backups that outlive an erasure.",
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
        description="Where checkpoints are sent besides: `/dev/log`, or HOST, HOST:PORT or [IPV6]:PORT (UDP). Empty: "
        "nowhere.",
    )
    redact: tuple[Literal["tokens", "keys", "cards", "chinese_ids", "phones", "emails"], ...] = Field(
        default=("tokens", "keys", "cards", "chinese_ids"),
        description="What is taken out of questions, comments and answers of people before anything is written down: "
        "access tokens, private keys, card numbers, Chinese identity numbers; `phones` and `emails` where you want it. "
        "[]: nothing.",
    )
    notice: bool = Field(
        default=True,
        description="Whether people are told what is kept about them, at first contact and when the notice changes.",
    )
    notice_en: str = Field(
        default="",
        max_length=2_000,
        description="The notice in English, in your own words. Empty: ours, with the days below.",
    )
    notice_zh: str = Field(default="", max_length=2_000, description="The same in Chinese.")
    body_days: int = Field(
        default=180, ge=1, description="How many days the audit log keeps what people said and were answered."
    )
    header_days: int = Field(
        default=190,
        ge=1,
        description="How many days it keeps that they did, without words. China's Cybersecurity Law asks for six "
        "months of logs.",
    )
    history_days: int = Field(
        default=180, ge=1, description="How many days the threads' history is kept: what follow-ups build on."
    )
    channel_days: dict[str, Annotated[int, Field(ge=1)]] = Field(
        default={},
        description="Other numbers of days for texts and history of channels, by their ids: `{ C0123ABCD = 30 }`.",
    )

    @field_validator("checkpoint_syslog")
    @classmethod
    def _is_a_place(cls, address: str) -> str:
        if address:
            syslog_place(address)
        return address

    @model_validator(mode="after")
    def _headers_outlive_bodies(self) -> Self:
        if self.header_days < max([self.body_days, *self.channel_days.values()]):
            raise ValueError("header_days should not be less than body_days and channel_days")
        return self

    def files(self, data_dir: Path) -> AuditFiles:
        return AuditFiles(
            names_key=data_dir / "audit.key",
            signing_key=self.signing_key or data_dir / "audit-signing.key",
            master_key=self.master_key or data_dir / "audit-master.key",
            body_keys=self.body_keys or data_dir / "audit-keys.db",
            checkpoints=self.checkpoint_file or data_dir / "audit-checkpoints.jsonl",
        )
