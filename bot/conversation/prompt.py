"""Which messages the model gets: the system prompt, as much of the thread as fits, the question."""

from collections.abc import Callable, Sequence

from bot.errors import SettingsWrong
from inference.engine import ChatMessage, Limits
from storage.records import Exchange

CountTokens = Callable[[Sequence[ChatMessage]], int]


class QuestionTooLong(Exception):
    """The question alone does not fit the budget."""

    def __init__(self, tokens: int, limit: int) -> None:
        super().__init__(f"the question has {tokens} tokens; {limit} fit")
        self.tokens = tokens
        self.limit = limit


LEAST_PROMPT_TOKENS = 64


def prompt_budget(wanted_tokens: int, max_new_tokens: int, limits: Limits) -> int:
    """How many tokens of prompt the model takes beside a whole reply.

    Raises: SettingsWrong, when the settings leave it no room for a question.
    """
    room = limits.context_tokens - max_new_tokens
    if room < LEAST_PROMPT_TOKENS:
        raise SettingsWrong(
            f"[inference] max_new_tokens = {max_new_tokens} leaves no room for a question: the model takes "
            f"{limits.context_tokens} tokens in all; set it to {limits.context_tokens // 2} or less"
        )
    return min(wanted_tokens, room)


def build_prompt(
    system: str, earlier: Sequence[Exchange], question: str, count_tokens: CountTokens, budget_tokens: int
) -> list[ChatMessage]:
    """Messages for the chat template, at most `budget_tokens` of them as the model counts.

    Exchanges are taken newest first and whole: half an exchange would put words into somebody's mouth. Questions that
    were never answered are left out, since templates want the roles to alternate. Blocks while it counts.

    Raises: QuestionTooLong.
    """
    head = [ChatMessage("system", system)] if system else []
    tail = [ChatMessage("user", question)]
    tokens = count_tokens(head + tail)
    if tokens > budget_tokens:
        raise QuestionTooLong(tokens, budget_tokens)
    history: list[ChatMessage] = []
    for exchange in reversed(earlier):
        if exchange.answer is None:
            continue
        longer = [ChatMessage("user", exchange.question), ChatMessage("assistant", exchange.answer), *history]
        if count_tokens(head + longer + tail) > budget_tokens:
            break
        history = longer
    return head + history + tail
