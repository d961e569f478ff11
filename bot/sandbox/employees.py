"""What a person can do in the workspace: write, mend, delete, react, click, command.

Owns the rules for people. The page and the tests both come through here, so that a test acts exactly as a visitor does.
"""

from typing import Any

from bot.sandbox import events
from bot.sandbox.cast import BOT_USER_ID
from bot.sandbox.clock import Ids
from bot.sandbox.errors import SlackError
from bot.sandbox.interactions import Interactions
from bot.sandbox.messages import Channel, Message
from bot.sandbox.text import encode_typed, normalize_posted, rich_text
from bot.sandbox.views import View, Views
from bot.sandbox.workspace import Workspace


class Employees:
    def __init__(self, workspace: Workspace, interactions: Interactions, views: Views, ids: Ids) -> None:
        self._workspace = workspace
        self._interactions = interactions
        self._views = views
        self._ids = ids

    # ── messages ─────────────────────────────────────────────────────────────

    def post(self, user: str, channel_id: str, text: str, thread_ts: str | None = None) -> Message:
        """Raises: SlackError user_not_found, channel_not_found, not_in_channel, no_text, thread_not_found."""
        channel = self._channel_of(user, channel_id)
        encoded, blocks = self._typed(text)
        message = Message(channel.id, "", user, encoded, blocks, thread_ts, client_msg_id=self._ids.uuid())
        return self._workspace.post(message)

    def edit(self, user: str, channel_id: str, ts: str, text: str) -> None:
        message = self._own(user, channel_id, ts, "cant_update_message")
        encoded, blocks = self._typed(text)

        def change(target: Message) -> None:
            target.text, target.blocks = encoded, blocks
            target.edited = {"user": user, "ts": self._workspace.timestamps.next()}

        self._workspace.update(message, change)

    def delete(self, user: str, channel_id: str, ts: str) -> None:
        self._workspace.delete(self._own(user, channel_id, ts, "cant_delete_message"))

    def react(self, user: str, channel_id: str, ts: str, name: str) -> None:
        """Adds the reaction, or takes it back if it was there."""
        self._channel_of(user, channel_id)
        message = self._workspace.message(channel_id, ts)
        if user in message.reactions.get(name, ()):
            self._workspace.unreact(message, name, user)
        else:
            self._workspace.react(message, name, user)

    def join(self, user: str, channel_id: str) -> None:
        self._workspace.join(self._workspace.channel(channel_id), user)

    def _typed(self, text: str) -> tuple[str, list[dict[str, Any]]]:
        if not text.strip():
            raise SlackError("no_text")
        encoded = encode_typed(text, self._workspace.ids_by_name())
        return encoded, [{**rich_text(encoded), "block_id": self._ids.of("", 5)}]

    def _own(self, user: str, channel_id: str, ts: str, refusal: str) -> Message:
        message = self._workspace.message(channel_id, ts)
        if message.user != user or message.subtype:
            raise SlackError(refusal)
        return message

    def _channel_of(self, user: str, channel_id: str) -> Channel:
        self._workspace.person(user)
        channel = self._workspace.channel(channel_id)
        if user not in channel.members:
            raise SlackError("not_in_channel")
        return channel

    # ── interactions ─────────────────────────────────────────────────────────

    async def click(self, user: str, channel_id: str, ts: str, action_id: str, chosen: Any = None) -> bool:
        """Whether the app acknowledged the click within three seconds."""
        self._channel_of(user, channel_id)
        return await self._interactions.click(user, channel_id, ts, action_id, chosen)

    async def command(self, user: str, channel_id: str, command: str, text: str) -> bool:
        """A slash command; what its ack says is shown. Whether the app acknowledged it."""
        channel = self._channel_of(user, channel_id)
        answer = await self._interactions.slash(user, channel_id, command, text)
        if answer is None:
            self._whisper(channel, user, f"{command} failed: the app did not answer in time (operation_timeout).")
        elif answer.get("text") or answer.get("blocks"):
            self._answer(channel, user, answer)
        return answer is not None

    def _answer(self, channel: Channel, user: str, answer: dict[str, Any]) -> None:
        only_for = None if answer.get("response_type") == "in_channel" else user
        text = normalize_posted(str(answer.get("text", "")))
        blocks = list(answer.get("blocks") or [])
        self._workspace.post(Message(channel.id, "", BOT_USER_ID, text, blocks, only_for=only_for))

    def _whisper(self, channel: Channel, user: str, text: str) -> None:
        self._workspace.post(Message(channel.id, "", BOT_USER_ID, text, only_for=user))

    async def submit_view(self, user: str, view_id: str, values: dict[str, Any]) -> dict[str, Any] | None:
        """Errors by block_id ({} if it was taken); None if the app did not acknowledge."""
        return await self._interactions.submit_view(user, self._view_of(user, view_id), values)

    async def close_view(self, user: str, view_id: str) -> None:
        await self._interactions.close_view(user, self._view_of(user, view_id))

    async def click_in_view(self, user: str, view_id: str, action_id: str, chosen: Any = None) -> bool:
        return await self._interactions.click_in_view(user, self._view_of(user, view_id), action_id, chosen)

    def _view_of(self, user: str, view_id: str) -> View:
        view = self._views.find(view_id)
        if view.user != user:
            raise SlackError("not_found")
        return view

    def open_home(self, user: str, tab: str = "home") -> None:
        """Opens the app's DM on its home or messages tab: an app_home_opened event."""
        channel = self._workspace.dm_with(user)
        self._workspace.feed.publish(events.home_opened(user, channel.id, tab, self._workspace.timestamps))

    def stop_session(self, user: str, channel_id: str, thread_ts: str) -> None:
        """The stop button of an agent session that is processing.

        Slack stops its streams; the state is the app's to change.
        """
        channel = self._channel_of(user, channel_id)
        in_thread = list(channel.thread(thread_ts)) if thread_ts else list(channel.messages.values())
        streaming = [message for message in in_thread if message.streaming_since is not None]
        for message in streaming:
            message.streaming_since = None
        stopped = [message.ts for message in streaming]
        change = events.session_stopped(user, channel_id, thread_ts, stopped, self._workspace.timestamps)
        self._workspace.feed.publish(change)
