"""What the page asks of the server, as JSON: who am I, my threads, ask, stop, try again.

Decides nothing about answers: a question goes to intake as from any platform. Whatever is read or acted on is looked
up by the signed-in user's own key, so that somebody else's is not found.
"""

import base64
import hashlib
import uuid
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from http import HTTPStatus

from aiohttp import web

from bot.clock import Clock
from bot.conversation.messages import IncomingMessage, ThreadKey
from bot.conversation.privacy_phrases import asks_about_own_data
from bot.delivery.intake import REPLY_NAMESPACE, IntakeClosed
from bot.delivery.privacy import PrivacyDesk
from bot.platforms.web import bodies
from bot.platforms.web.errors import Refused, not_found, not_now, too_many
from bot.platforms.web.hub import Hub
from bot.platforms.web.own_data import OwnDataApi
from bot.platforms.web.rate_limit import RateLimit
from bot.platforms.web.sessions import PLATFORM, TENANT, Sessions, User, new_user
from bot.platforms.web.settings import WebSettings
from bot.platforms.web.views import Views
from storage.chat_visits import ChatVisits
from storage.feedback import FeedbackStore, Verdict
from storage.records import Reply
from storage.replies import ReplyStore
from storage.transcripts import TranscriptStore

THREADS_PER_PAGE = 40
TURNS_PER_PAGE = 50
JUDGEMENTS_PER_MINUTE = 60
SIGN_INS_PER_MINUTE = 60  # of everybody: each makes a new user, with a limit of its own


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """What the page's requests need of the rest of the service.

    `accept` commits a question; `choose` and `decline`: what somebody (reply id, user, number) chose of what a reply
    suggests; `judge`: what they think of it, with a comment if they gave one; `ask_people`: that somebody is to
    answer instead. `privacy`: what is kept of people, for themselves.
    """

    accept: Callable[[IncomingMessage], Awaitable[bool]]
    stop_reply: Callable[[str], bool]
    choose: Callable[[str, str, int], Awaitable[bool]]
    decline: Callable[[str, str], Awaitable[bool]]
    judge: Callable[[str, str, Verdict, str | None], Awaitable[bool]]
    ask_people: Callable[[str, str], Awaitable[bool]]
    privacy: PrivacyDesk


@dataclass(frozen=True, slots=True)
class Stores:
    replies: ReplyStore
    transcripts: TranscriptStore
    feedback: FeedbackStore
    visits: ChatVisits


class WebApi:
    """The handlers. Every one but those that sign in or out wants the cookie."""

    def __init__(
        self,
        *,
        settings: WebSettings,
        sessions: Sessions,
        stores: Stores,
        views: Views,
        hub: Hub,
        delivery: Delivery,
        own_data: OwnDataApi,
        clock: Clock,
    ) -> None:
        self._settings = settings
        self._sessions = sessions
        self._replies = stores.replies
        self._transcripts = stores.transcripts
        self._views = views
        self._hub = hub
        self._feedback = stores.feedback
        self._visits = stores.visits
        self._own_data = own_data
        self._delivery = delivery
        self._clock = clock
        self._questions = RateLimit(settings.questions_per_minute, clock)
        self._judgements = RateLimit(JUDGEMENTS_PER_MINUTE, clock)
        self._sign_ins = RateLimit(SIGN_INS_PER_MINUTE, clock)

    # ── who ──────────────────────────────────────────────────────────────────

    async def me(self, request: web.Request) -> web.Response:
        """Nobody is an answer too. Renews the cookie: a browser in use stays signed in."""
        user = self._sessions.find(request)
        return web.json_response({"user": None}) if user is None else await self._welcome(request, user)

    async def sign_in(self, request: web.Request) -> web.Response:
        """`{"name"}` → a new user of that name."""
        name = bodies.name_of(await bodies.read_object(request))
        if wait := self._sign_ins.take(""):
            raise too_many(wait)
        user = new_user(name)
        await self._visits.record_signed_in(PLATFORM, TENANT, user.user_id, self._clock.now())
        return await self._welcome(request, user)

    async def sign_out(self, request: web.Request) -> web.Response:
        await bodies.read_object(request)
        user = self._sessions.find(request)
        if user is not None:
            await self._visits.record_signed_out(PLATFORM, TENANT, user.user_id, self._clock.now())
        response = web.json_response({})
        self._sessions.forget(request, response)
        return response

    async def _welcome(self, request: web.Request, user: User) -> web.Response:
        notice = await self._own_data.notice_for(user)
        response = web.json_response({"user": user.user_id, "name": user.name, "notice": notice})
        self._sessions.remember(request, response, user)
        return response

    # ── reading ──────────────────────────────────────────────────────────────

    async def threads(self, request: web.Request) -> web.Response:
        """The person's threads, the last one spoken in first; `?before=` the last thread of the page before."""
        user = self._sessions.require(request)
        before = request.query.get("before")
        summaries = await self._transcripts.threads_of(
            PLATFORM,
            TENANT,
            user.user_id,
            limit=THREADS_PER_PAGE + 1,
            before=None if before is None else bodies.thread_of(before),
        )
        return web.json_response(self._views.threads(summaries, THREADS_PER_PAGE))

    async def thread(self, request: web.Request) -> web.Response:
        """The newest turns of a thread; `?before=` the first exchange of the page after."""
        user = self._sessions.require(request)
        thread = bodies.thread_of(request.match_info["thread"])
        before = bodies.exchange_of(request.query.get("before"))
        number = self._hub.number
        transcript = await self._transcripts.turns_of(
            PLATFORM, TENANT, user.user_id, thread, limit=TURNS_PER_PAGE, before=before
        )
        if transcript is None:
            raise not_found()
        verdicts = await self._feedback.verdicts_of(user.user_id, [turn.reply_id for turn in transcript.turns])
        return web.json_response(await self._views.transcript(transcript, number, verdicts))

    # ── acting ───────────────────────────────────────────────────────────────

    async def ask(self, request: web.Request) -> web.Response:
        """`{"text", "nonce", "thread"?}` → 202 with the thread and the reply. The same nonce asks once.

        Who asks what is kept about them has asked nothing of the model: 200, and the page opens the place for that.
        """
        user = self._sessions.require(request)
        body = await bodies.read_object(request)
        nonce, text = bodies.nonce_of(body), bodies.question_of(body, self._settings.max_question_characters)
        if asks_about_own_data(text):
            return web.json_response({"asks": "own_data"})
        if body.get("thread") is None:
            thread = _new_thread(user, nonce)
        else:
            thread = bodies.thread_of(body["thread"])
            await self._require_thread(user, thread)
        return await self._question(user, thread, nonce, text, {})

    async def again(self, request: web.Request) -> web.Response:
        """`{"nonce"}` → a new reply to the question of one that has ended."""
        user = self._sessions.require(request)
        nonce = bodies.nonce_of(await bodies.read_object(request))
        reply = await self._own_reply(user, request)
        if reply.final_text is None and reply.state.is_open:
            raise Refused(HTTPStatus.CONFLICT, "still_open", "This reply is still being written.")
        return await self._question(user, reply.thread, nonce, reply.question, {"again": reply.reply_id})

    async def stop(self, request: web.Request) -> web.Response:
        user = self._sessions.require(request)
        await bodies.read_object(request)
        reply = await self._own_reply(user, request)
        return web.json_response({"stopped": self._delivery.stop_reply(reply.reply_id)})

    async def choose(self, request: web.Request) -> web.Response:
        """`{"number"}` of one of the suggestions, null for none of them → whether it was still to be chosen."""
        user = self._sessions.require(request)
        number = bodies.number_of(await bodies.read_object(request))
        reply = await self._own_reply(user, request)
        if number is None:
            is_taken = await self._delivery.decline(reply.reply_id, user.user_id)
        else:
            is_taken = await self._delivery.choose(reply.reply_id, user.user_id, number)
        return web.json_response({"taken": is_taken})

    async def judge(self, request: web.Request) -> web.Response:
        """`{"verdict", "comment"?}` → whether it is kept."""
        user = self._sessions.require(request)
        verdict, comment = bodies.verdict_of(await bodies.read_object(request))
        reply = await self._own_reply(user, request)
        if wait := self._judgements.take(user.user_id):
            raise too_many(wait)
        is_kept = await self._delivery.judge(reply.reply_id, user.user_id, verdict, comment)
        return web.json_response({"kept": is_kept})

    async def ask_people(self, request: web.Request) -> web.Response:
        """`{}` → whether somebody is asked because of it."""
        user = self._sessions.require(request)
        await bodies.read_object(request)
        reply = await self._own_reply(user, request)
        if wait := self._questions.take(user.user_id):
            raise too_many(wait)
        return web.json_response({"asked": await self._delivery.ask_people(reply.reply_id, user.user_id)})

    async def _question(self, user: User, thread: str, nonce: str, text: str, address: dict[str, str]) -> web.Response:
        if wait := self._questions.take(user.user_id):
            raise too_many(wait)
        message_key = f"{PLATFORM}:{TENANT}:{user.user_id}:{nonce}"
        message = IncomingMessage(
            thread=ThreadKey(PLATFORM, TENANT, user.user_id, thread),
            message_key=message_key,
            user=user.user_id,
            text=text,
            sent_at=self._clock.now(),
            address=address,
        )
        reply_id = str(uuid.uuid5(REPLY_NAMESPACE, message_key))
        try:
            if not await self._delivery.accept(message):
                earlier = await self._replies.find(reply_id)
                thread = earlier.thread if earlier else thread
        except IntakeClosed:
            raise not_now() from None
        return web.json_response({"thread": thread, "reply": reply_id}, status=HTTPStatus.ACCEPTED)

    async def _require_thread(self, user: User, thread: str) -> None:
        if await self._transcripts.turns_of(PLATFORM, TENANT, user.user_id, thread, limit=1) is None:
            raise not_found()

    async def _own_reply(self, user: User, request: web.Request) -> Reply:
        reply = await self._replies.find(bodies.reply_of(request.match_info["reply"]))
        if reply is None or (reply.platform, reply.tenant, reply.channel) != (PLATFORM, TENANT, user.user_id):
            raise not_found()
        return reply


def _new_thread(user: User, nonce: str) -> str:
    """Follows from the nonce, so that a question that is sent once more opens the same thread."""
    digest = hashlib.sha256(f"{user.user_id}:{nonce}".encode()).digest()
    return base64.urlsafe_b64encode(digest[:16]).decode().rstrip("=")
