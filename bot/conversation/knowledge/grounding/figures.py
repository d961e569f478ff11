"""Every figure in a text, with what it counts: 20 days, 1.67 %, 31 March, 9:30.

A figure is in a passage when the passage has the same one with the same unit: "5 days" is not in "5 weeks".
"""

import re
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

from bot.conversation.knowledge.grounding.number_words import with_digits

_MONTHS = "january february march april may june july august september october november december".split()
_NUMBER = re.compile(r"\d+(?:[.,:'’]\d+)*")
_THOUSANDS = re.compile(r"\d{1,3}(?:[,'’]\d{3})+(?:\.\d+)?")
_CURRENCY_BEFORE = re.compile(r"([$€£¥]|usd|eur|gbp|cny|rmb|人民币|美元|欧元)\s*$")
_UNITS = {
    "day": "days? 天 日",
    "working day": "工作日 工作天",
    "calendar day": "自然日 日历日",
    "week": "weeks? wks? 周 星期 礼拜",
    "month": "months?",
    "year": "years? yrs? 年",
    "hour": "hours? hrs? h 小时 钟头",
    "minute": "minutes? mins? 分钟",
    "second": "seconds? secs? 秒",
    "percent": "% percent per-cent 百分点",
    "usd": r"dollars? usd \$ 美元 美金",
    "eur": "euros? eur € 欧元",
    "gbp": "pounds? gbp £ 英镑",
    "cny": "yuan rmb cny ¥ 元 块 人民币",
    "am": "am a\\.m 上午",
    "pm": "pm p\\.m 下午",
    "times": "times? 次",
    "fold": "倍",
    "kilometre": "km kilomet(?:er|re)s? 公里",
    "person": "people persons? employees? 人 名 位",
    "thousand": "k",
}
_LATIN_UNITS = [
    (unit, re.compile(rf"(?:{'|'.join(form.replace('-', ' ') for form in forms.split() if form.isascii())})\b"))
    for unit, forms in _UNITS.items()
    if any(form.isascii() and form[:1].isalpha() for form in forms.split())
]
_SIGNS = {"%": "percent", "$": "usd", "€": "eur", "£": "gbp", "¥": "cny"}
_CJK_UNITS = sorted(
    ((form, unit) for unit, forms in _UNITS.items() for form in forms.split() if not form.isascii()),
    key=lambda pair: -len(pair[0]),
)
_MONTH_NAME = re.compile(rf"(?:{'|'.join(f'{month[:3]}(?:{month[3:]})?' for month in _MONTHS)})\b")
_KINDS_OF_DAYS = ("working", "business", "calendar")
_MOST_WORDS_BETWEEN = 2  # 5 unused vacation days
_CURRENCIES = {
    "$": "usd",
    "€": "eur",
    "£": "gbp",
    "¥": "cny",
    "rmb": "cny",
    "人民币": "cny",
    "美元": "usd",
    "欧元": "eur",
}


@dataclass(frozen=True, slots=True)
class Figure:
    """`value`: as digits, one spelling for each number. `unit`: what it counts, or empty."""

    value: str
    unit: str = ""


def find_figures(text: str) -> set[Figure]:
    """`text` is plain."""
    text = with_digits(text)
    return {_figure(text, number) for number in _NUMBER.finditer(text)}


def _figure(text: str, number: re.Match[str]) -> Figure:
    return Figure(_value(number[0]), _unit(text, number.start(), number.end()))


def _value(digits: str) -> str:
    """1,000 and 1000 are one number, and so are 5 and 5.0; a time or a list of numbers stays as it is written."""
    digits = "".join(str(int(character)) if character.isdigit() else character for character in digits)
    if _THOUSANDS.fullmatch(digits):
        digits = re.sub("[,'’]", "", digits)
    try:
        return f"{Decimal(digits).normalize():f}"
    except InvalidOperation:
        return digits


def _unit(text: str, start: int, end: int) -> str:
    before, after = text[max(0, start - 12) : start], text[end:]
    if currency := _CURRENCY_BEFORE.search(before):
        return _CURRENCIES.get(currency[1], currency[1])
    if month := re.search(rf"({_MONTH_NAME.pattern})[ .]*(?:the )?$", before):
        return f"of {month[1][:3]}"
    rest = re.sub(r"^(?:st|nd|rd|th)\b", "", after)
    if month := re.match(rf"[ -]*(?:of )?({_MONTH_NAME.pattern})", rest):
        return f"of {month[1][:3]}"
    return _cjk_unit(before, rest) or _latin_unit(rest)


def _cjk_unit(before: str, after: str) -> str:
    """3个月 are months, 3月 is March; 5天 are days, 3月5日 is one of them."""
    after = after.lstrip()
    counted = after.removeprefix("个")
    if counted.startswith("月"):
        return "month" if counted != after else "calendar month"
    if after.startswith(("日", "号")) and re.search(r"月\s*$", before):
        return "of month"
    return next((unit for form, unit in _CJK_UNITS if counted.startswith(form)), "")


def _latin_unit(after: str) -> str:
    """The unit may stand behind a word or two that say of what kind: working days are not days."""
    after = after.lstrip(" -\u2013")
    if after[:1] in _SIGNS:
        return _SIGNS[after[0]]
    kind = ""
    for _ in range(_MOST_WORDS_BETWEEN + 1):
        for unit, pattern in _LATIN_UNITS:
            if pattern.match(after):
                return f"working {unit}" if kind in ("working", "business") else f"{kind} {unit}".strip()
        word = re.match(r"[a-z]+[ -]", after)
        if not word:
            return ""
        kind = word[0].strip(" -") if word[0].strip(" -") in _KINDS_OF_DAYS else kind
        after = after[word.end() :]
    return ""
