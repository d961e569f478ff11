"""Gaps and proposed variants as `inthread faq` shows them, without what terminals would obey."""

from collections.abc import Iterator, Sequence
from typing import Any

from bot.conversation.characters import strip_invisible
from bot.conversation.learning.gaps import Gap, asked_in
from bot.conversation.learning.variants import Weighed
from storage.learning.dismissals import Dismissed

MOST_EXAMPLES = 5
ID_DIGITS = 8


def gap_lines(gaps: Sequence[Gap], days: int) -> Iterator[str]:
    """The largest first: how often and by how many it was asked, its id, the words, what is nearest, what was said."""
    for gap in gaps:
        reasons = ", ".join(f"{reason} {count:,}" for reason, count in sorted(gap.reasons.items()))
        yield f"{len(gap.questions):5,} × by {gap.people:,}  {_short(gap.gap_id)}  {gap.lang}  {_shown(gap.texts[0])}"
        yield from (f"         also: {_shown(text)}" for text in gap.texts[1:MOST_EXAMPLES])
        yield from (f"         said: {_shown(comment)}" for one in gap.questions for comment in one.comments)
        yield f"         {reasons}; nearest: {_nearest(gap)}; last {gap.last_asked_at:%Y-%m-%d}"
    yield f"{_count(len(gaps), 'gap')}, {_count(asked_in(gaps), 'question')} of the last {_count(days, 'day')}"


def dismissed_lines(dismissed: Sequence[Dismissed]) -> Iterator[str]:
    for one in dismissed:
        by = strip_invisible(one.author)
        yield f"{_short(one.gap)}  {one.dismissed_at:%Y-%m-%d} by {by}  {_shown(one.question.text)}"
    yield f"{_count(len(dismissed), 'dismissed gap')}; `inthread faq dismiss --undo ID` brings one back"


def variant_lines(weighed: Sequence[Weighed], *, refused: bool) -> Iterator[str]:
    """Those that people may decide about; with `refused` those that something stands against, and what."""
    shown = [one for one in weighed if (one.obstacle is not None) is refused]
    widest = max((len(one.proposal.entry_id) for one in shown), default=0)
    for one in shown:
        proposal = one.proposal
        against = f", {len(proposal.against)} against" if proposal.against else ""
        why = f"  ({one.obstacle})" if one.obstacle else ""
        yield (
            f"{proposal.key}  {proposal.entry_id:{widest}}  by {len(proposal.people)}{against}  "
            f"{_shown(proposal.text)}{why}"
        )
    hidden = len(weighed) - len(shown)
    if refused:
        yield f"{_count(len(shown), 'proposed variant')} held back"
    else:
        more = f"; {hidden:,} held back, --refused says why" if hidden else ""
        yield f"{_count(len(shown), 'proposed variant')}: --accept KEY takes one over, --reject KEY does not{more}"


def gap_as_json(gap: Gap) -> dict[str, Any]:
    return {
        "id": gap.gap_id,
        "lang": gap.lang,
        "size": len(gap.questions),
        "people": gap.people,
        "question": strip_invisible(gap.texts[0]),
        "examples": [strip_invisible(text) for text in gap.texts[:MOST_EXAMPLES]],
        "comments": [strip_invisible(comment) for one in gap.questions for comment in one.comments],
        "reasons": {str(reason): count for reason, count in sorted(gap.reasons.items())},
        "nearest": [{"entry": near.entry.entry_id, "score": round(near.score, 4)} for near in gap.nearest],
        "last_asked_at": gap.last_asked_at.isoformat(),
    }


def dismissed_as_json(one: Dismissed) -> dict[str, Any]:
    return {
        "id": one.gap,
        "question": strip_invisible(one.question.text),
        "by": strip_invisible(one.author),
        "dismissed_at": one.dismissed_at.isoformat(),
    }


def variant_as_json(one: Weighed) -> dict[str, Any]:
    proposal = one.proposal
    return {
        "key": proposal.key,
        "entry": proposal.entry_id,
        "text": strip_invisible(proposal.text),
        "people": len(proposal.people),
        "against": len(proposal.against),
        "last_at": proposal.last_at.isoformat(),
        "obstacle": None if one.obstacle is None else str(one.obstacle),
    }


def _nearest(gap: Gap) -> str:
    return ", ".join(f"{near.entry.entry_id} {near.score:.2f}" for near in gap.nearest) or "none"


def _short(reply_id: str) -> str:
    return strip_invisible(reply_id)[:ID_DIGITS]


def _shown(text: str) -> str:
    line = " ".join(strip_invisible(text).split())
    return line if len(line) <= 160 else line[:159] + "…"


def _count(number: int, what: str) -> str:
    return f"{number:,} {what}" if number == 1 else f"{number:,} {what}s"
