"""The line under a thread that says what the bot is doing, and the state of agent sessions.

Owns both; posts nothing.
"""

from dataclasses import dataclass, field

from bot.sandbox.clock import Clock
from bot.sandbox.feed import Change, Feed


@dataclass(slots=True)
class Status:
    text: str = ""
    loading_messages: list[str] = field(default_factory=list)
    until: float = 0.0
    session: str = ""
    """active, processing, suspended, closed; empty without a session."""
    title: str = ""


class Statuses:
    def __init__(self, feed: Feed, clock: Clock, seconds: float) -> None:
        self._feed = feed
        self._clock = clock
        self._seconds = seconds
        self._by_thread: dict[tuple[str, str], Status] = {}
        self.prompts: dict[str, list[dict[str, str]]] = {}
        """Suggested prompts by channel."""
        feed.subscribe(self._clear_on_reply)

    def of(self, channel: str, thread_ts: str) -> Status:
        """The status as it stands; its text is empty once its two minutes are over."""
        status = self._by_thread.get((channel, thread_ts), Status())
        if status.until <= self._clock():
            status.text, status.loading_messages = "", []
        return status

    def all(self) -> dict[tuple[str, str], Status]:
        return {key: self.of(*key) for key in self._by_thread}

    def show(self, channel: str, thread_ts: str, text: str, loading_messages: list[str]) -> None:
        status = self._ensure(channel, thread_ts)
        status.text, status.loading_messages = text, loading_messages
        status.until = self._clock() + self._seconds
        self._publish(channel, thread_ts)

    def set_session(self, channel: str, thread_ts: str, session: str, title: str) -> Status:
        status = self._ensure(channel, thread_ts)
        status.title = status.title or title  # only used when the session is created
        status.session = session
        self._publish(channel, thread_ts)
        return status

    def rename(self, channel: str, thread_ts: str, title: str) -> None:
        self._ensure(channel, thread_ts).title = title
        self._publish(channel, thread_ts)

    def suggest(self, channel: str, prompts: list[dict[str, str]]) -> None:
        self.prompts[channel] = prompts
        self._publish(channel, "")

    def _ensure(self, channel: str, thread_ts: str) -> Status:
        return self._by_thread.setdefault((channel, thread_ts), Status())

    def _clear_on_reply(self, change: Change) -> None:
        message = change.message
        if change.kind != "posted" or message is None or not message.by_bot:
            return
        thread_ts = message.thread_ts or ""
        if self.of(change.channel, thread_ts).text:
            self._by_thread[change.channel, thread_ts].text = ""
            self._publish(change.channel, thread_ts)

    def _publish(self, channel: str, thread_ts: str) -> None:
        self._feed.publish(Change("status", channel, data={"thread_ts": thread_ts}))
