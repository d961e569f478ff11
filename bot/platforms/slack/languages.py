"""Which language a person reads: Slack knows, and is asked once."""

from bot.conversation.phrases import Language, language_of
from bot.platforms.slack.api import SlackApi

MOST_REMEMBERED = 5_000


class Languages:
    """`setting`: [answers] language; anything but `auto` decides for everybody."""

    def __init__(self, api: SlackApi, setting: str) -> None:
        self._api = api
        self._setting = setting
        self._known: dict[str, Language] = {}

    async def of(self, user: str, last_question: str = "") -> Language:
        """By the person's locale; by what they asked last when Slack does not tell; else English."""
        if self._setting != "auto":
            return language_of("", self._setting)
        if user in self._known:
            return self._known[user]
        answer = await self._api.try_call(self._api.client.users_info, user=user, include_locale=True)
        locale = str(((answer or {}).get("user") or {}).get("locale") or "")
        if not locale:
            return language_of(last_question)
        if len(self._known) >= MOST_REMEMBERED:
            self._known.clear()
        self._known[user] = "zh" if locale.startswith("zh") else "en"
        return self._known[user]

    def remembered(self, user: str, text: str) -> Language:
        """Without asking Slack: for what must be said at once."""
        return self._known.get(user) or language_of(text, self._setting)
