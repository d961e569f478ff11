"""The small line below a finished answer: how it ended, and who wrote it."""

from bot.conversation.messages import Outcome
from bot.conversation.phrases import Language, phrase
from storage.basis import Basis, BasisKind

_HOW_IT_ENDED = {
    Outcome.STOPPED: "stopped",
    Outcome.CUT_SHORT: "cut_short",
    Outcome.WENT_IN_CIRCLES: "went_in_circles",
}


def final_note(
    outcome: Outcome, basis: Basis | None, language: Language, *, disclaimer: bool, is_late: bool = False
) -> str:
    """In words for the person; empty where nothing is to be said."""
    keys = ["late"] if is_late else []
    if outcome in _HOW_IT_ENDED:
        keys.append(_HOW_IT_ENDED[outcome])
    if outcome.is_answer:
        keys += _who_wrote_it(basis, language, disclaimer=disclaimer)
    return " ".join(phrase(key, language) for key in keys)


def _who_wrote_it(basis: Basis | None, language: Language, *, disclaimer: bool) -> list[str]:
    kind = BasisKind.PLAIN if basis is None else basis.kind
    if basis is not None and kind is BasisKind.VERIFIED:
        entry = basis.entries[0]
        return [f"kept_in_{entry.lang}"] if entry.lang in ("en", "zh") and entry.lang != language else []
    if kind is BasisKind.UNGROUNDED:
        return ["ungrounded"]
    return ["disclaimer"] if disclaimer else []
