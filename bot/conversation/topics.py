"""Questions that are nobody else's business: by their words, in both languages."""

import re
import unicodedata
from collections.abc import Mapping, Sequence

from pydantic import BaseModel, ConfigDict, Field

from bot.conversation.characters import strip_invisible

# Specific on purpose: "sick leave" and "health insurance" are everybody's questions.
_WORDS = {
    "harassment": """harass*|bullying|bullied|bully|mobbing|discriminat*|sexually|sexual assault|assaulted|molest*
groped|stalking|stalked|hostile work environment|racist|sexist|骚扰|霸凌|欺凌|歧视|猥亵|性侵|职场暴力""",
    "health": """depression|depressed|burnout|burned out|burnt out|suicid*|self-harm|mental health|my therapist
my diagnosis|diagnosed|my illness|my disease|my disability|i am pregnant|i'm pregnant|my pregnancy|miscarriage|cancer
hiv|addicted|addiction|alcoholi*|抑郁|焦虑症|自杀|自残|心理健康|心理咨询|确诊|我的病|我怀孕|怀孕了|流产|癌症|艾滋
成瘾|酗酒""",
    "own pay": """my salary|my pay|my wage|my wages|my bonus|my raise|a raise|pay rise|my payslip|my compensation
am i paid|do i earn|should i earn|我的工资|我的薪水|我的薪资|我的奖金|我的年终奖|加薪|涨薪|涨工资|我的收入""",
}
TOPICS = {topic: tuple(re.split(r"[|\n]", words)) for topic, words in _WORDS.items()}


class SensitiveSettings(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    topics: dict[str, tuple[str, ...]] = Field(
        default=TOPICS,
        description="Words of each topic, in every language; `harass*` stands for all that begins so. Questions with "
        "one of them are answered privately, never by the model, and with `contact`. Empty: nothing is sensitive.",
    )
    contact: str = Field(
        default="",
        max_length=500,
        description="Whom to talk to instead, in words, such as `Dana Novak, People team, ext. 500`. Empty: HR.",
    )


class Topics:
    def __init__(self, words: Mapping[str, Sequence[str]]) -> None:
        self._patterns = {topic: _pattern(of_topic) for topic, of_topic in words.items() if of_topic}

    def find(self, text: str) -> str | None:
        """The first topic that the text has a word of."""
        plain = " ".join(unicodedata.normalize("NFKC", strip_invisible(text)).casefold().replace("’", "'").split())
        return next((topic for topic, pattern in self._patterns.items() if pattern.search(plain)), None)


def _pattern(words: Sequence[str]) -> re.Pattern[str]:
    return re.compile("|".join(map(_word, words)))


def _word(word: str) -> str:
    """Latin words stand for themselves; Chinese is written without blanks."""
    plain = " ".join(unicodedata.normalize("NFKC", word).casefold().split())
    stem = re.escape(plain.removesuffix("*"))
    if not plain[:1].isascii():
        return stem
    return rf"(?<![a-z0-9]){stem}" + ("" if plain.endswith("*") else r"(?![a-z0-9])")
