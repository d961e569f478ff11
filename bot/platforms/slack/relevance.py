"""Which posts are meant for us. Decided alike for what arrives as an event and for what is found in the history."""

from collections.abc import Awaitable, Callable

from bot.conversation.messages import ThreadKey
from bot.platforms.slack.events import Identity, Post, thread_key
from bot.platforms.slack.settings import SlackSettings


async def is_for_us(
    post: Post, us: Identity, settings: SlackSettings, knows_thread: Callable[[ThreadKey], Awaitable[bool]]
) -> bool:
    """`knows_thread`: whether we had been asked in a thread when the post was written."""
    return post.asks_us or await follows_up(post, us, settings, knows_thread)


async def follows_up(
    post: Post, us: Identity, settings: SlackSettings, knows_thread: Callable[[ThreadKey], Awaitable[bool]]
) -> bool:
    """Whether a message without a mention goes on with a thread of ours, and not with somebody else in it."""
    if not settings.follow_ups or post.thread_ts is None:
        return False
    if post.speaks_to is not None and post.speaks_to != us.user_id:
        return False
    return await knows_thread(thread_key(post, settings.dm_mode))
