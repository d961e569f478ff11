"""What Slack shows about a conversation with an agent: the session's state, with Slack's own stop button, and prompts.

All of it is for looks: a failure here disturbs no reply, and nothing is repeated.
Source: docs.slack.dev/ai/agent-sessions, docs.slack.dev/ai/migrating-to-agent-messaging.
"""

from collections.abc import Sequence

from bot.clock import Clock
from bot.conversation.phrases import Language, phrase
from bot.platforms.slack.api import SlackApi
from bot.platforms.slack.background import Background

ACTIVE, PROCESSING = "active", "processing"
# A long answer ends one message and begins the next: within this time that is no change.
SETTLE_SECONDS = 0.5
MOST_TITLE_CHARACTERS = 100
MOST_PROMPTS, MOST_PROMPT_TITLE = 4, 60
_OUR_PROMPTS = ("prompt_leave", "prompt_first_week", "prompt_password")


class Sessions:
    """The states of the sessions in direct messages: the newest wins, one call at a time for each thread."""

    def __init__(self, api: SlackApi, background: Background, clock: Clock) -> None:
        self._api = api
        self._background = background
        self._clock = clock
        self._wanted: dict[tuple[str, str], str] = {}
        self._shown: dict[tuple[str, str], str] = {}  # only what is not at rest

    def show(self, channel: str, thread_ts: str, state: str, title: str = "") -> None:
        """Say soon that the thread's session is in this state. Channels have no sessions of ours: no call there."""
        thread = (channel, thread_ts)
        if not channel.startswith("D") or self._wanted.get(thread, self._shown.get(thread)) == state:
            return
        is_under_way = thread in self._wanted
        self._wanted[thread] = state
        if not is_under_way:
            self._background.spawn(self._catch_up(thread, _title(title)), "session status")

    async def _catch_up(self, thread: tuple[str, str], title: str) -> None:
        channel, thread_ts = thread
        sent = self._shown.get(thread)
        try:
            while (state := self._wanted[thread]) != sent:
                if state == ACTIVE:
                    await self._clock.sleep(SETTLE_SECONDS)
                    if self._wanted[thread] != state:
                        continue
                sent = state
                await self._api.try_call(
                    self._api.client.agents_sessions_setStatus,
                    channel_id=channel,
                    thread_ts=thread_ts,
                    status=state,
                    title=title or None,
                )
        finally:
            del self._wanted[thread]
            if sent == PROCESSING:
                self._shown[thread] = sent
            else:
                self._shown.pop(thread, None)


async def suggest_prompts(api: SlackApi, channel: str, own: Sequence[str], language: Language) -> None:
    """Offer questions to begin with. Without `thread_ts`: for agents, Slack ignores a call that names one."""
    messages = own or [phrase(key, language) for key in _OUR_PROMPTS]
    prompts = [{"title": text[:MOST_PROMPT_TITLE], "message": text} for text in messages[:MOST_PROMPTS]]
    set_prompts = api.client.assistant_threads_setSuggestedPrompts
    await api.try_call(
        set_prompts, channel_id=channel, thread_ts=None, prompts=prompts, title=phrase("prompts_title", language)
    )


def _title(text: str) -> str:
    line = text.strip().split("\n")[0]
    return line if len(line) <= MOST_TITLE_CHARACTERS else line[: MOST_TITLE_CHARACTERS - 1] + "…"
