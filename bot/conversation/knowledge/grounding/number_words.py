"""Numbers that are written in words, English and Chinese, put into digits where they stand."""

import re
from decimal import Decimal

_CARDINALS = """zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen
seventeen eighteen nineteen"""
_ORDINALS = """zeroth first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth thirteenth
fourteenth fifteenth sixteenth seventeenth eighteenth nineteenth twentieth"""
_TENS = "twenty thirty forty fifty sixty seventy eighty ninety"
_SMALL = {word: number for words in (_CARDINALS, _ORDINALS) for number, word in enumerate(words.split())}
_SMALL |= {word: 20 + 10 * at for at, word in enumerate(_TENS.split())} | {"thirtieth": 30}
_LARGE = {"hundred": 100, "thousand": 1_000, "million": 1_000_000, "billion": 1_000_000_000}
_ALONE = {"dozen": "12", "couple": "2", "twice": "2", "double": "2", "thrice": "3", "triple": "3", "half": "0.5"}
# Pronouns and ordinary words, unless something makes numbers of them.
_VAGUE = frozenset({"one", "first", "second"})
_WORD = "|".join(sorted((*_SMALL, *_LARGE), key=len, reverse=True))
_ENGLISH = re.compile(rf"(?<![a-z])(?:a[ -])?(?:{_WORD})(?:(?:[ -]and)?[ -](?:{_WORD}))*(?![a-z])")
_ENGLISH_ALONE = re.compile(rf"(?<![a-z])(?:a )?({'|'.join(_ALONE)})(?![a-z])")
_COUNTS_AFTER = re.compile(
    r"[ -](?:full |working |business |calendar |more |further |additional )?"
    r"(?:day|week|month|year|hour|minute|time|percent|per cent|euro|dollar|pound|of [a-z]+ (?:day|week|month)|january|"
    r"february|march|april|may|june|july|august|september|october|november|december)"
)

_DIGITS = {character: number for number, character in enumerate("零一二三四五六七八九")}
_DIGITS |= {character: number for number, character in enumerate("〇壹贰叁肆伍陆柒捌玖")}
_DIGITS |= {"两": 2, "俩": 2, "仨": 3}
_STEPS = {"十": 10, "拾": 10, "百": 100, "佰": 100, "千": 1_000, "仟": 1_000}
_MYRIADS = {"万": 10_000, "亿": 100_000_000}
_NUMERAL = "".join((*_DIGITS, *_STEPS, *_MYRIADS, "廿", "卅"))
# 一, 十 and their like stand in ordinary words too: alone they count before what is counted, and after 第.
_COUNTED = (
    "(?:个?(?:天|日|周|星期|礼拜|月|年|季|小时|钟头|分钟|秒|工作日|自然日|倍)|次|成|折|元|块|角|位|名|人|份|页|点|级|层|楼|岁|"
    "小时|万|亿|千|百|%|级|期|届|条|项|种|晚|夜|周年|刻)"
)
_CHINESE = re.compile(
    rf"百分之(?P<percent>[{_NUMERAL}点]+)"
    rf"|(?P<long>[{_NUMERAL}](?:[{_NUMERAL}]|点(?=[{_NUMERAL}]))+)"
    rf"|第(?P<ordinal>[{_NUMERAL}])"
    rf"|(?P<short>[{_NUMERAL}](?={_COUNTED}|半)|(?<![周期拜])[二三四五六七八九两俩仨])"
)
_WORDS_WITH_NUMERALS = re.compile(
    "万一|千万(?=不|别|要)|一一|百般|万分|十分(?=钟)?(?!钟)|千方百计|三三两两|四处|五花八门|七嘴八舌"
)
_HALF = re.compile(r"半(?=个?(?:天|日|周|月|年|小时|薪))|(?<=[天日周月年时])半")
_MYRIAD_OF_DIGITS = re.compile(r"(\d+(?:\.\d+)?)\s*([十百千万亿]+)")


def with_digits(text: str) -> str:
    """The plain text with every number that is written in words written in digits, between blanks."""
    text = text.replace("\n", " ")  # a number may stand at the end of one line and go on in the next
    text = _WORDS_WITH_NUMERALS.sub(lambda word: "，" * len(word[0]), text)
    text = _MYRIAD_OF_DIGITS.sub(lambda number: f"{_plainly(Decimal(number[1]) * _scale(number[2]))} ", text)
    text = _CHINESE.sub(_chinese_digits, text)
    text = _HALF.sub(" 0.5 ", text)
    text = _ENGLISH.sub(lambda number: _english_digits(number, text), text)
    return _ENGLISH_ALONE.sub(lambda word: f" {_ALONE[word[1]]} ", text)


def _english_digits(number: re.Match[str], text: str) -> str:
    words = re.findall(r"[a-z]+", number[0])
    words = [word for word in words if word not in ("and", "a")] if len(words) > 1 else words
    if len(words) == 1 and words[0] in _VAGUE and not _COUNTS_AFTER.match(text, number.end()):
        return number[0]
    return f" {_english_value(words)} "


def _english_value(words: list[str]) -> int:
    total, group = 0, 0
    for word in words:
        if word in _SMALL:
            group += _SMALL[word]
        elif word == "hundred":
            group = (group or 1) * 100
        elif word in _LARGE:
            total, group = total + (group or 1) * _LARGE[word], 0
    return total + group


def _chinese_digits(number: re.Match[str]) -> str:
    if number["percent"]:
        return f" {_chinese_value(number['percent'])}% "
    numeral = number["long"] or number["ordinal"] or number["short"]
    return f"{'第' if number['ordinal'] else ''} {_chinese_value(numeral)} "


def _chinese_value(numeral: str) -> str:
    whole, _, fraction = numeral.partition("点")
    digits = "".join(str(_DIGITS[character]) for character in fraction if character in _DIGITS)
    return f"{_chinese_whole(whole)}{'.' + digits if digits else ''}"


def _chinese_whole(numeral: str) -> int:
    """Both ways of writing: 二十五 and 二〇二六."""
    numeral = numeral.replace("廿", "二十").replace("卅", "三十")
    if all(character in _DIGITS for character in numeral):
        return int("".join(str(_DIGITS[character]) for character in numeral) or 0)
    total, group, digit = 0, 0, 0
    for character in numeral:
        if character in _DIGITS:
            digit = _DIGITS[character]
        elif character in _STEPS:
            group, digit = group + (digit or 1) * _STEPS[character], 0
        else:
            total, group, digit = (total + group + digit or 1) * _MYRIADS[character], 0, 0
    return total + group + digit


def _scale(characters: str) -> int:
    scale = 1
    for character in characters:
        scale *= _STEPS.get(character) or _MYRIADS[character]
    return scale


def _plainly(number: Decimal) -> str:
    return f"{number.normalize():f}"
