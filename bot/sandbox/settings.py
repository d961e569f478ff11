"""What can be set about the sandbox. Owns the defaults; knows no environment and no files."""

from dataclasses import dataclass
from pathlib import Path

BOT_EVENTS = frozenset(
    {"app_home_opened", "app_mention", "agent_session_stopped", "message.channels", "message.groups", "message.im"}
)
BOT_SCOPES = frozenset(
    "app_mentions:read assistant:write channels:history channels:read chat:write commands files:write groups:history "
    "groups:read im:history im:read im:write usergroups:read users:read".split()
)


@dataclass(frozen=True, slots=True)
class SandboxSettings:
    """Every default is Slack's own figure, except where a comment says otherwise."""

    host: str = "127.0.0.1"
    port: int = 0
    """0 binds any free port."""
    public_url: str = ""
    """What addresses that it hands out begin with, if not with its own: a proxy's before it. Ends in a slash."""
    state_file: Path | str | None = None
    """Where the workspace survives a restart; None keeps it in memory."""
    bot_token: str = "xoxb-sandbox-workspace-bot"
    app_token: str = "xapp-1-sandbox-workspace-app"
    subscriptions: frozenset[str] = BOT_EVENTS
    """The `bot_events` of the app's manifest; other events are not sent."""
    scopes: frozenset[str] = BOT_SCOPES
    """What the bot token was granted: the manifest's. Looked at where files are written; elsewhere all is allowed."""

    rate_limits: bool = True
    rate_limit_scale: float = 1.0
    """Multiplies every limit per minute: 10.0 allows ten times as many calls."""
    post_tolerance: float = 0.0
    """Part of the second between two posts to a channel that is forgiven: 0.05 lets a post through after 0.95 s."""
    strict_connection_tier: bool = False
    """True holds apps.connections.open to Tier 1 (1 a minute)."""
    connection_burst: int = 10
    """Calls of apps.connections.open a minute otherwise. Slack documents Tier 1 and lets bursts pass: a client that
    opens
    two sockets and reconnects one is not refused. One a minute to the letter would make two handlers impossible."""

    ack_seconds: float = 3.0
    redelivery_seconds: tuple[float, ...] = (0.0, 60.0, 300.0)
    """Waits before the redeliveries 1, 2, 3. Tests shorten them."""
    max_sockets: int = 10
    approximate_connection_seconds: int = 18_060
    stream_seconds: float = 300.0
    status_seconds: float = 120.0

    log_limit: int = 100_000
    """Calls and acks kept; the oldest go first."""
    save_delay_seconds: float = 0.5
