"""The home tab: what the bot does, what becomes of a person's data, and what they asked last.

`home_view` is pure. Source: docs.slack.dev/surfaces/app-home, docs.slack.dev/reference/block-kit.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

from bot.clock import Clock
from bot.conversation.phrases import Language, phrase
from bot.platforms.slack.api import SlackApi
from bot.platforms.slack.commands import COMMAND
from bot.platforms.slack.dialect import escape_mrkdwn
from bot.platforms.slack.events import Identity
from bot.platforms.slack.languages import Languages
from storage.records import AskedQuestion

REFRESH_ACTION, LINK_ACTION = "home_refresh", "home_link"
QUESTIONS = 5
MOST_QUESTION_CHARACTERS = 300
# Going back and forth between tabs opens the home each time.
PUBLISH_INTERVAL_SECONDS = 3.0
MOST_REMEMBERED = 5_000

LastQuestions = Callable[[str, str, int], Awaitable[list[AskedQuestion]]]


class Home:
    """Publishes a person's home, not more often than anybody looks. `last_questions`: tenant, user, how many.

    `notice`: what is kept of people, in each language.
    """

    def __init__(
        self,
        api: SlackApi,
        us: Identity,
        last_questions: LastQuestions,
        notice: Mapping[Language, str],
        languages: Languages,
        clock: Clock,
    ) -> None:
        self._api = api
        self._us = us
        self._last_questions = last_questions
        self._notice = notice
        self._languages = languages
        self._clock = clock
        self._published_at: dict[str, float] = {}

    async def publish(self, tenant: str, user: str, app_id: str, *, is_due: bool = False) -> None:
        """`is_due`: what it shows must not stay, however lately it was published."""
        if not self._may_publish(user) and not is_due:
            return
        questions = await self._last_questions(tenant, user, QUESTIONS)
        language = await self._languages.of(user, questions[0].text if questions else "")
        view = home_view(questions, language, self._us, app_id, self._notice[language])
        await self._api.try_call(self._api.client.views_publish, user_id=user, view=view)

    def _may_publish(self, user: str) -> bool:
        now = self._clock.monotonic()
        if now - self._published_at.get(user, -PUBLISH_INTERVAL_SECONDS) < PUBLISH_INTERVAL_SECONDS:
            return False
        if len(self._published_at) >= MOST_REMEMBERED:
            self._published_at.clear()
        self._published_at[user] = now
        return True


def home_view(
    questions: Sequence[AskedQuestion], language: Language, us: Identity, app_id: str, notice: str
) -> dict[str, Any]:
    """For views.publish: at most 100 blocks, of which this has about a dozen."""
    blocks = [
        {"type": "header", "text": _plain(phrase("home_title", language))},
        _section(phrase("home_what", language, command=COMMAND)),
        {"type": "actions", "elements": _buttons(language, us, app_id)},
        {"type": "divider"},
        {"type": "header", "text": _plain(phrase("home_last", language))},
    ]
    if not questions:
        blocks.append(_section(phrase("home_none", language)))
    for question in questions:
        blocks += _question_blocks(question, language, us)
    return {
        "type": "home",
        "blocks": [*blocks, {"type": "divider"}, _section(phrase("home_data", language, notice=notice))],
    }


def _buttons(language: Language, us: Identity, app_id: str) -> list[dict[str, Any]]:
    refresh = {
        "type": "button",
        "action_id": REFRESH_ACTION,
        "text": _plain(phrase("home_refresh", language)),
    }
    if not app_id:
        return [refresh]
    url = f"https://slack.com/app_redirect?app={app_id}&team={us.team_id}"
    return [_link(phrase("home_ask", language), url, f"{LINK_ACTION}_messages"), refresh]


def _question_blocks(question: AskedQuestion, language: Language, us: Identity) -> list[dict[str, Any]]:
    # plain_text: whatever a question holds, Slack reads no mention, link or style in it.
    asked: dict[str, Any] = {"type": "section", "text": _plain(_shortened(question.text) or "…")}
    if url := permalink(question.address, us):
        asked["accessory"] = _link(phrase("home_open", language), url, LINK_ACTION)
    seconds = int(question.sent_at.timestamp())
    when = f"<!date^{seconds}^{{date_short_pretty}} {{time}}|{question.sent_at:%Y-%m-%d %H:%M} UTC>"
    where = phrase("home_direct", language) if question.channel.startswith("D") else f"<#{_safe(question.channel)}>"
    return [asked, {"type": "context", "elements": [{"type": "mrkdwn", "text": f"{where} · {when}"}]}]


def permalink(address: Mapping[str, str], us: Identity) -> str | None:
    """Where the question stands; None for a command, which stands nowhere."""
    channel, ts = address.get("channel"), address.get("ts")
    if not channel or not ts or not us.url:
        return None
    link = f"{us.url}archives/{channel}/p{ts.replace('.', '')}"
    thread_ts = address.get("thread_ts")
    return f"{link}?thread_ts={thread_ts}&cid={channel}" if thread_ts and thread_ts != ts else link


def _shortened(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= MOST_QUESTION_CHARACTERS else line[: MOST_QUESTION_CHARACTERS - 1] + "…"


def _safe(text: str) -> str:
    return escape_mrkdwn(text).replace("|", "")


def _section(mrkdwn: str) -> dict[str, Any]:
    return {"type": "section", "text": {"type": "mrkdwn", "text": mrkdwn}}


def _link(label: str, url: str, action_id: str) -> dict[str, Any]:
    return {"type": "button", "action_id": action_id, "text": _plain(label), "url": url}


def _plain(text: str) -> dict[str, Any]:
    return {"type": "plain_text", "text": text, "emoji": False}
