"""The small line below a finished answer: how it ended, who wrote it, and what goes on behind it."""

from bot.conversation.messages import Outcome
from bot.conversation.phrases import Language, phrase
from bot.delivery.shown import Shown
from storage.basis import Basis, BasisKind

_HOW_IT_ENDED = {
    Outcome.STOPPED: "stopped",
    Outcome.CUT_SHORT: "cut_short",
    Outcome.WENT_IN_CIRCLES: "went_in_circles",
}
MOST_QUESTION_CHARACTERS = 200


def final_note(shown: Shown, language: Language, *, disclaimer: bool, is_late: bool = False) -> str:
    """In words for the person; empty where nothing is to be said."""
    notes = [phrase("late", language)] if is_late else []
    if shown.outcome in _HOW_IT_ENDED:
        notes.append(phrase(_HOW_IT_ENDED[shown.outcome], language))
    notes += _what_it_is(shown, language, disclaimer=disclaimer)
    if shown.people_were_asked:
        notes.append(phrase("people_asked", language))
    return " ".join(notes)


def _what_it_is(shown: Shown, language: Language, *, disclaimer: bool) -> list[str]:
    basis = shown.basis
    match None if basis is None else basis.kind:
        case BasisKind.ESCALATED if basis is not None and basis.entries:
            return [phrase("answer_passed_on", language, entry=basis.entries[0].entry_id)]
        case BasisKind.ESCALATED:
            return [phrase("how_to_answer", language)]
        case BasisKind.RELAYED:
            return [phrase("relayed", language, question=_shortened(shown.question))]
        case BasisKind.VERIFIED | BasisKind.QUOTED if basis is not None:
            return _other_language(basis, language)
        case BasisKind.GROUNDED | BasisKind.UNGROUNDED as kind if shown.outcome.is_answer:
            return [phrase(kind.value, language)]
        case None | BasisKind.PLAIN if shown.outcome.is_answer and disclaimer:
            return [phrase("disclaimer", language)]
    return []


def _other_language(basis: Basis, language: Language) -> list[str]:
    [lang] = {cited.lang for cited in basis.entries} | {cited.lang for cited in basis.passages}
    return [phrase(f"kept_in_{lang}", language)] if lang in ("en", "zh") and lang != language else []


def _shortened(question: str) -> str:
    line = " ".join(question.split())
    return line if len(line) <= MOST_QUESTION_CHARACTERS else line[: MOST_QUESTION_CHARACTERS - 1] + "…"
