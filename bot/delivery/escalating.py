"""People who are asked where an answer does not do: their channel gets the question, who asked gets their answers.

Everything that is shown because of it is committed first, as a reply of its own, and shown by whoever shows replies:
once, through crashes and limits. Source: delivery.md.
"""

import uuid
from collections.abc import Mapping, Sequence

import structlog

from bot.clock import Clock
from bot.conversation.messages import IncomingMessage, Outcome, ThreadKey
from bot.conversation.phrases import Language, language_of, phrase
from bot.delivery.intake import Submit, reply_id_of
from bot.delivery.people import People, owner_of
from bot.platforms.base import Platform
from storage.asking_people import NewEscalation
from storage.basis import Basis, BasisKind
from storage.escalations import EscalationStore
from storage.expert_answers import Draft, NewAnswer
from storage.notices import Notice
from storage.records import Exchange, Reply
from storage.replies import ReplyStore
from storage.threads import ThreadStore

log = structlog.get_logger(__name__)

ESCALATION_NAMESPACE = uuid.UUID("0b6b4e7e-0c39-5b4d-8a59-5d7a1f0e6c21")
MOST_EXCHANGES = 4
MOST_CHARACTERS = 500  # of each question and answer: the whole is to fit one message
MOST_QUESTION_CHARACTERS = 400  # of an entry
PATIENCE, PATIENCE_SECONDS = 5, 0.3


class AnsweredTooEarly(Exception):
    """A question is being put into this channel, and nobody knows yet under which message its answers stand."""


class Escalating:
    """`platform`: where people are asked, by name; None: nowhere. `language`: [answers] language."""

    def __init__(
        self,
        *,
        store: EscalationStore,
        replies: ReplyStore,
        threads: ThreadStore,
        submit: Submit,
        platforms: Mapping[str, Platform],
        platform: str | None,
        people: People,
        language: str,
        clock: Clock,
    ) -> None:
        self._store = store
        self._replies = replies
        self._threads = threads
        self._submit = submit
        self._platforms = platforms
        self._platform = platform
        self._people = people
        self._language = language
        self._clock = clock

    async def ask(self, reply_id: str, user: str) -> bool:
        """Hand a reply's question to people. False: it is with them already, or nobody is there to be asked."""
        reply = await self._replies.find(reply_id)
        if reply is None or reply.topic is not None or self._platform is None:
            return False
        if (channel := self._people.channel_for(reply.basis)) is None:
            return False
        new = NewEscalation(
            reply_id=reply_id,
            user=user,
            owner=owner_of(reply.basis),
            channel=channel,
            notice=await self._notice(reply, channel),
            may_show_again=self._platforms[reply.platform].surface(reply).takes_growth,
        )
        asked = await self._store.ask(new, self._clock.now())
        if asked is None:
            return False
        log.info("people_asked", reply_id=reply_id, escalation_id=asked.escalation_id, is_new=asked.is_new)
        self._show(asked.to_show)
        return True

    async def take_answer(self, message: IncomingMessage) -> bool:
        """A post that may be somebody's answer: whether it stands under a question that was put to people."""
        thread = message.thread
        if thread.platform != self._platform:
            return False
        escalation_id = await self._store.find_of_thread(thread.platform, thread.channel, thread.thread)
        if escalation_id is None:
            return False
        answer = NewAnswer(
            escalation_id=escalation_id,
            message_key=message.message_key,
            platform=thread.platform,
            tenant=thread.tenant,
            user=message.user,
            text=message.text,
            outcome=Outcome.ANSWERED,
        )
        if message.text:
            draft = self._draft(escalation_id, await self._store.question_of(escalation_id), message.user)
            taken = await self._store.take_answer(answer, draft, reply_id_of, self._clock.now())
            if taken is not None:
                log.info("expert_answered", escalation_id=escalation_id, passed_on=len(taken.to_show))
                self._show(taken.to_show)
        return True

    async def awaits_answer(self, key: ThreadKey) -> bool:
        """Whether people are asked something in this thread.

        Raises: AnsweredTooEarly. Not acknowledged: the platform delivers again, when it is known.
        """
        if key.platform != self._platform:
            return False
        for _ in range(PATIENCE):
            is_being_put = await self._store.is_being_put(key.channel)  # first: it may be known a moment later
            if await self._store.find_of_thread(key.platform, key.channel, key.thread) is not None:
                return True
            if not is_being_put:
                return False
            await self._clock.sleep(PATIENCE_SECONDS)
        raise AnsweredTooEarly

    async def on_undeliverable(self, reply: Reply) -> None:
        """A question that its channel does not take goes back to who asked: they can ask again, or elsewhere."""
        if reply.basis is None or reply.basis.kind is not BasisKind.ESCALATED:
            return
        log.error("people_not_reached", channel=reply.channel, hint="is the bot a member of that channel?")
        self._show(await self._store.give_up(reply.reply_id, self._clock.now()))

    def _show(self, replies: Sequence[Reply]) -> None:
        for reply in replies:
            self._submit(reply, may_refuse=False)

    async def _notice(self, reply: Reply, channel: str) -> Notice:
        assert self._platform is not None
        escalation_id = str(uuid.uuid5(ESCALATION_NAMESPACE, reply.reply_id + self._clock.now().isoformat()))
        message_key = f"escalation:{escalation_id}"
        earlier = await self._threads.exchanges_before(reply.thread_id, reply.exchange)
        language = language_of(reply.question, self._language)
        return Notice(
            message_key=message_key,
            reply_id=reply_id_of(message_key),
            platform=self._platform,
            tenant=reply.tenant if reply.platform == self._platform else "",
            channel=channel,
            thread=message_key,
            user=reply.user,
            question=reply.question,
            address={"channel": channel},
            text=_question_text(reply, earlier, language),
            outcome=Outcome.PASSED_ON,
            basis=Basis(kind=BasisKind.ESCALATED),
            escalation_id=escalation_id,
            is_in_history=False,
        )

    def _draft(self, escalation_id: str, question: str, user: str) -> Draft:
        return Draft(
            entry_id=f"asked-{escalation_id.split('-')[0]}",
            lang=language_of(question),
            question=" ".join(question.split())[:MOST_QUESTION_CHARACTERS],
            owner=f"@{user}",
        )


def _question_text(reply: Reply, earlier: Sequence[Exchange], language: Language) -> str:
    """The question, and below it what was said in the thread until then, newest last."""
    asked, answered = phrase("escalation_asked", language), phrase("escalation_answered", language)
    lines = [phrase("escalation_lead", language), _quoted(reply.question)]
    so_far = [(exchange.question, exchange.answer) for exchange in earlier[-MOST_EXCHANGES:]]
    so_far.append((reply.question, reply.final_text))
    lines.append(phrase("escalation_before", language))
    for question, answer in so_far:
        lines += [_quoted(f"{asked}: {question}"), *([_quoted(f"{answered}: {answer}")] if answer else [])]
    return "\n\n".join(lines)


def _quoted(text: str) -> str:
    short = text if len(text) <= MOST_CHARACTERS else text[: MOST_CHARACTERS - 1] + "…"
    return "\n".join(f"> {line}" for line in short.split("\n"))
