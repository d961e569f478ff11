"""The small line below a finished answer: how it ended, and who wrote it."""

from bot.conversation.messages import Outcome
from bot.conversation.phrases import Language, phrase


def final_note(outcome: Outcome, language: Language, *, disclaimer: bool, is_late: bool = False) -> str:
    """In words for the person; empty where nothing is to be said."""
    keys = {
        Outcome.STOPPED: ["stopped"],
        Outcome.CUT_SHORT: ["cut_short"],
        Outcome.WENT_IN_CIRCLES: ["went_in_circles"],
    }.get(outcome, [])
    if is_late:
        keys = ["late", *keys]
    if outcome.is_answer and disclaimer:
        keys = [*keys, "disclaimer"]
    return " ".join(phrase(key, language) for key in keys)
