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
    if basis is None or basis.kind is BasisKind.PLAIN:
        return ["disclaimer"] if disclaimer else []
    if basis.kind in (BasisKind.VERIFIED, BasisKind.QUOTED):
        [lang] = {cited.lang for cited in basis.entries} | {cited.lang for cited in basis.passages}
        return [f"kept_in_{lang}"] if lang in ("en", "zh") and lang != language else []
    return [basis.kind.value] if basis.kind in (BasisKind.GROUNDED, BasisKind.UNGROUNDED) else []
