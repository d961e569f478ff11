"""Which posts are meant for us. Decided alike for what arrives as an event and for what is found in the history."""

from collections.abc import Awaitable, Callable

from bot.conversation.messages import ThreadKey
from bot.platforms.slack.events import Identity, Post, thread_key
from bot.platforms.slack.settings import SlackSettings

IsOurs = Callable[[ThreadKey], Awaitable[bool]]


async def is_for_us(
    post: Post, us: Identity, settings: SlackSettings, knows_thread: IsOurs, awaits_answer: IsOurs
) -> bool:
    """Of the thread it stands in, when it was written. `knows_thread`: whether we had been asked there;
    `awaits_answer`: whether we had put a question there ourselves.
    """
    if post.asks_us:
        return True
    if not _goes_on(post, us):
        return False
    key = thread_key(post, settings.dm_mode)
    return (settings.follow_ups and await knows_thread(key)) or await awaits_answer(key)


def _goes_on(post: Post, us: Identity) -> bool:
    """Whether a message without a mention goes on with what is said in its thread, and not with somebody in it."""
    return post.thread_ts is not None and post.speaks_to in (None, us.user_id)
