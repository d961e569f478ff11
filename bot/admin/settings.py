"""Settings of the admin pages."""

import ipaddress
from datetime import tzinfo
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator, model_validator

from bot.browsers import require_origin
from bot.jobs.time_zones import TimeZone, zone


class AdminSettings(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    enabled: bool = Field(
        default=False,
        description="Whether to serve the admin pages at /admin of [service] host and port. Off by default; "
        "`inthread admin add` makes the first account.",
    )
    title: str = Field(default="inthread", min_length=1, max_length=60, description="Name at the top of the pages.")
    language: Literal["auto", "en", "zh"] = Field(
        default="auto", description="Language until somebody chooses another. `auto`: as the browser prefers."
    )
    time_zone: TimeZone = Field(
        default="UTC",
        description="Whose hours and days the pages show, and by whose days answers are verified and overdue, such as "
        "`Asia/Shanghai`.",
    )
    public_url: str = Field(
        default="",
        description="Address under which people open the pages when a proxy with TLS stands in front, such as "
        "https://faq.example.com. The cookie is then sent over https only. OpenID Connect needs it.",
    )
    passwords: bool = Field(
        default=True, description="Whether people sign in with a password that is kept here (Argon2id)."
    )
    idle_minutes: float = Field(
        default=15, gt=0, le=1440, description="A session ends when nothing was opened so long."
    )
    session_hours: float = Field(default=8, gt=0, le=72, description="A session ends so long after it began.")
    second_person: tuple[Literal["export", "erasure"], ...] = Field(
        default=(), description="What somebody else has to grant before it happens: `export`, `erasure`, or both."
    )
    bulk_export_from: int = Field(
        default=100, ge=1, description="From so many conversations on, an export needs that second person."
    )
    oidc_issuer: str = Field(
        default="", description="Address of an OpenID Connect provider, as its documents name it. Empty: none."
    )
    oidc_client_id: str = Field(default="", description="What the provider calls us.")
    oidc_client_secret: SecretStr = Field(
        default=SecretStr(""),
        description="What we tell the provider to be us. Empty: a public client, with PKCE alone.",
    )
    oidc_name_claim: str = Field(
        default="email", description="The claim of the ID token that is the account's name: `email` counts if verified."
    )
    proxy_header: str = Field(
        default="",
        description="Header in which a reverse proxy says who has signed in, such as X-Remote-User. Empty: none.",
    )
    proxy_peers: tuple[str, ...] = Field(
        default=(),
        description="Addresses or networks of the proxy, such as 127.0.0.1 or 10.0.0.0/24, and `unix` for "
        "`proxy_socket`. From anybody else the header is refused. Name a proxy that only does TLS "
        "too: it is believed about where somebody is, so that whoever guesses passwords slows down nobody else.",
    )
    proxy_socket: str = Field(
        default="", description="Path of a unix socket that the service listens on beside its port. Empty: none."
    )

    @field_validator("public_url")
    @classmethod
    def _is_an_origin(cls, url: str) -> str:
        return require_origin(url)

    @field_validator("proxy_peers")
    @classmethod
    def _are_networks(cls, peers: tuple[str, ...]) -> tuple[str, ...]:
        for peer in peers:
            if peer != "unix":
                ipaddress.ip_network(peer)
        return peers

    @model_validator(mode="after")
    def _is_whole(self) -> Self:
        if self.oidc_issuer and not (self.oidc_client_id and self.public_url):
            raise ValueError("oidc_issuer needs oidc_client_id and public_url")
        if self.proxy_header and not self.proxy_peers:
            raise ValueError("proxy_header needs proxy_peers: from anybody, anybody could be anybody")
        return self

    @property
    def zone(self) -> tzinfo:
        """Whose days and hours count at the pages."""
        return zone(self.time_zone)

    @property
    def is_https(self) -> bool:
        return self.public_url.startswith("https://")
