"""What a text denies: the words that stand behind a not, a never, a 不."""

import re

from bot.conversation.knowledge.grounding.vocabulary import normalised

_NEGATION = re.compile(
    r"\b(?:not|never|no|none|nobody|nothing|neither|nor|cannot|without|unless|except|excluding|forbidden|prohibited|"
    r"banned|refused|denied|rejected|ineligible|impossible|unable|unlike|non)\b|n['’]t\b"
)
_CHINESE_NEGATION = re.compile(r"[不没无未非勿莫]|禁止|拒绝|除外|除非|别(?=再|忘|把|在|用|去)")
# What contains such a character and denies nothing.
_NO_NEGATION = re.compile(
    "不超过|不少于|不低于|不得超过|不得少于|不得低于|不仅|不但|不同|无论|不论|不管|非常|未来|不断|不久|不过|无线|不动产"
    "|不得不|非全职"
)
_SCOPE_END = re.compile(r"[.,;:!?()\n]| but | and ")
_CHINESE_SCOPE_END = re.compile(r"[，。；：！？、（）\s]")
_SCOPE_WORDS = 6
_CHINESE_SCOPE_CHARACTERS = 5


def split_by_denial(text: str) -> tuple[str, str]:
    """(what the plain text says, what it says is not so): the words behind each negation, up to a comma or so."""
    text = _NO_NEGATION.sub(lambda word: "，" * len(word[0]), normalised(text))
    marks = sorted((*_NEGATION.finditer(text), *_CHINESE_NEGATION.finditer(text)), key=lambda mark: mark.start())
    said, denied, at = [], [], 0
    for mark in marks:
        if mark.start() < at:
            continue
        end = _scope_end(text, mark)
        said.append(text[at : mark.start()])
        denied.append(text[mark.end() : end])
        at = end
    return "\n".join([*said, text[at:]]), "\n".join(denied)


def denies(text: str) -> bool:
    """Whether the plain text says that something is not so, must not be, or is an exception."""
    text = _NO_NEGATION.sub("", normalised(text))
    return _NEGATION.search(text) is not None or _CHINESE_NEGATION.search(text) is not None


def _scope_end(text: str, mark: re.Match[str]) -> int:
    start = mark.end()
    if mark[0].isascii():
        stop = _SCOPE_END.search(text, start)
        words = re.compile(rf"\s*(?:[^\s]+\s*){{0,{_SCOPE_WORDS}}}").match(text, start)
        assert words is not None
        return min(words.end(), stop.start() if stop else len(text))
    stop = _CHINESE_SCOPE_END.search(text, start)
    return min(start + _CHINESE_SCOPE_CHARACTERS, stop.start() if stop else len(text))
