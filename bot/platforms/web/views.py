"""What the page is told, as JSON: threads, turns, and what a reply shows."""

import asyncio
from collections.abc import Mapping
from dataclasses import asdict, replace
from functools import lru_cache
from typing import Any

from bot.conversation.messages import Outcome
from bot.conversation.phrases import language_of
from bot.conversation.settings import AnswerSettings
from bot.delivery.final_content import Furnishing, final_content
from bot.delivery.safe_markdown import safe_markdown
from bot.delivery.shown import Shown, were_people_asked
from bot.platforms.base import Content, Phase
from bot.platforms.web.hub import Frame, Hub
from storage.basis import BasisKind
from storage.feedback import Verdict
from storage.records import ThreadSummary, Transcript, TranscriptTurn

_safe = lru_cache(maxsize=512)(safe_markdown)


class Views:
    def __init__(self, hub: Hub, answers: AnswerSettings, furnishing: Furnishing) -> None:
        self._hub = hub
        self._answers = answers
        self._furnishing = furnishing

    def forget(self) -> None:
        """No text stays here, whose ever: each is made safe once more when it is looked at."""
        _safe.cache_clear()

    def threads(self, summaries: list[ThreadSummary], limit: int) -> dict[str, Any]:
        """`limit` of them; one more was asked for, to know whether there are more."""
        threads = [
            {"thread": summary.thread, "title": " ".join(summary.title.split()), "last_at": summary.last_at.isoformat()}
            for summary in summaries[:limit]
        ]
        return {"threads": threads, "more": len(summaries) > limit}

    async def transcript(self, transcript: Transcript, number: int, verdicts: Mapping[str, Verdict]) -> dict[str, Any]:
        """`number`: the hub's before the database was read, so that a newer frame wins over this.

        `verdicts`: what the reader thinks, by reply id.
        """
        turns = []
        for turn in transcript.turns:
            turns.append({**self._turn(turn, number), "verdict": verdicts.get(turn.reply_id)})
            await asyncio.sleep(0)  # making Markdown safe takes milliseconds: others get their turn between two
        return {"thread": transcript.thread, "turns": turns, "earlier": transcript.has_earlier}

    def _turn(self, turn: TranscriptTurn, number: int) -> dict[str, Any]:
        frame = self._hub.latest(turn.reply_id)
        if turn.final_text is not None:
            shown = {"number": number, **_content(self._final(turn, turn.final_text))}
        elif frame is not None:
            shown = {"number": frame.number, **_content(frame.content)}
        else:  # not begun yet, or taken up again after a restart: the page has words for it
            shown = {"number": number, **_content(Content("", Phase.STATUS, stop_label="stop"))}
        return {
            "exchange": turn.exchange,
            "question": turn.question,
            "asked_at": turn.sent_at.isoformat(),
            "is_again": "again" in turn.address,
            "is_relayed": turn.basis is not None and turn.basis.kind is BasisKind.RELAYED,
            "reply": {"reply": turn.reply_id, **shown},
        }

    def _final(self, turn: TranscriptTurn, text: str) -> Content:
        if turn.outcome is None:
            return Content(_safe(text, self._answers.link_hosts), Phase.FINAL)
        language = language_of(turn.question, self._answers.language)
        shown = Shown(
            text=text,
            outcome=Outcome(turn.outcome),
            question=turn.question,
            basis=turn.basis,
            people_were_asked=were_people_asked(turn),
            is_sensitive=turn.topic is not None,
        )
        content = final_content(shown, language, self._furnishing)
        return content if content.is_stored else replace(content, text=_safe(content.text, self._answers.link_hosts))


def frame_view(frame: Frame) -> dict[str, Any]:
    return {"reply": frame.reply_id, "thread": frame.thread, "number": frame.number, **_content(frame.content)}


def _content(content: Content) -> dict[str, Any]:
    return {
        "phase": content.phase.name.lower(),
        "text": content.text,
        "note": content.note,
        "can_stop": bool(content.stop_label),
        "sources": [asdict(source) for source in content.sources],
        "buttons": [{**asdict(button), "act": button.act.value} for button in content.buttons],
        "thumbs": content.thumbs and {"up": content.thumbs.up_label, "down": content.thumbs.down_label},
    }
