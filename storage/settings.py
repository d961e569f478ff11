"""Settings of the storage."""

from pydantic import BaseModel, ConfigDict, Field


class StorageSettings(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    url: str = Field(
        default="",
        description="SQLAlchemy URL of the database. Empty: `inthread.db` in the data folder. SQLite today.",
    )
