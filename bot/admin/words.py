"""What the pages say, in English and Chinese. The English sentence is the key: templates read as the page does."""

from bot.admin.chinese import CHINESE
from bot.admin.english import said_in_english
from bot.conversation.phrases import Language


class Words:
    def __init__(self, language: Language) -> None:
        self.language = language

    def __call__(self, sentence: str, **values: object) -> str:
        """The sentence in this language, `{name}` filled in. Numbers get their thousands apart."""
        known = CHINESE.get(sentence) if self.language == "zh" else None
        text = known or said_in_english(sentence)
        return text.format(**{name: _spelled(value) for name, value in values.items()}) if values else text

    def counted(self, count: int, one: str, many: str) -> str:
        """`1 question`, `2 questions`; Chinese has one form for both."""
        return self(one if count == 1 else many, count=count)


def _spelled(value: object) -> object:
    return f"{value:,}" if isinstance(value, int) and not isinstance(value, bool) else value
