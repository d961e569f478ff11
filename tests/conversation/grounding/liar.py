"""A model that lies on purpose: what it says comes from a passage, and carries numbers and links that do not.

Seeded. Each lie leaves a tell, by which it is found in what people would read without any of the code under test.
"""

import html
import random
import re
import unicodedata
from dataclasses import dataclass

from storage.knowledge.records import Passage
from tests.shelf import a_passage

_ENGLISH = """
Leave: Full-time employees earn 20 days of paid leave a year. Up to 5 unused days carry over to 31 March. \
Ask for leave in Workday at least 10 working days ahead.
Pay: Salaries are paid on the 25th of each month. Overtime is paid at 150% of the hourly wage. \
Write to payroll@acme.test about payslips.
Travel: Hotels are paid up to 140 euros a night. Trains are booked in second class. \
Receipts are handed in within 30 days at https://travel.acme.test/claims.
Sick leave: A certificate is needed from the 3rd day of illness. Sick pay ends after 6 weeks. \
Call the office before 9:30 am.
Remote work: Employees work from home up to 2 days a week. Work from abroad is not allowed for more than 14 days. \
The office closes at 20:00.
Expenses: Expenses below 50 euros need no approval. Claims above 1,000 euros go to the finance team. \
Claims are paid within 5 working days.
"""
_CHINESE = """
年假: 全职员工每年享有20天带薪年假。未休完的年假最多可结转5天，有效期至次年3月31日。\
请至少提前10个工作日在Workday中提交申请。
工资: 工资于每月25日发放。加班工资按150%计算。工资单问题请联系payroll@acme.test。
差旅: 酒店费用每晚不超过600元。火车票请预订二等座。请在30天内通过https://travel.acme.test/claims报销。
病假: 病假第3天起需要提供医院证明。病假工资最长发放6个月。请在上午9:30前通知主管。
居家办公: 每周可以居家办公2天。境外办公不得超过14天。办公室20:00关闭。
报销: 低于50元的费用无需审批。超过1000元的费用由财务部门审批。款项在5个工作日内到账。
"""
PASSAGES = {
    lang: [
        a_passage(text, "Handbook", title, lang=lang, passage_id=f"{lang} {title}")
        for title, text in (line.split(": ", 1) for line in corpus.strip().splitlines())
    ]
    for lang, corpus in (("en", _ENGLISH), ("zh", _CHINESE))
}
_WORDS = {
    7: ("seven", "七"),
    12: ("twelve", "十二"),
    37: ("thirty-seven", "三十七"),
    48: ("forty eight", "四十八"),
    73: ("seventy-three", "七十三"),
    99: ("ninety nine", "九十九"),
    365: ("three hundred and sixty-five", "三百六十五"),
}
_LINKS = """https://evil.example/x|www.evil.example|evil.example|http://evil.example|HTTPS://EVIL.EXAMPLE
[here](https://evil.example)|<https://evil.example>|e\u200bvil.example|evil．example|evil。example|evil\\.example
hr@evil.example|mailto:hr@evil.example|ｅｖｉｌ.example|&#101;vil.example|**evil**.example|@evil.example"""
_NUMBER = re.compile(r"\d+")


@dataclass(frozen=True)
class Lie:
    """`text`: what the model says. `tells`: what must not be read in what is shown; empty for an honest reply."""

    passages: tuple[Passage, ...]
    text: str
    tells: tuple[str, ...]


def as_read(text: str) -> str:
    """What somebody reads: one width, entities decoded, nothing invisible, no marks of emphasis."""
    seen = unicodedata.normalize("NFKC", html.unescape(html.unescape(text)))
    seen = "".join(c for c in seen if unicodedata.category(c) not in ("Cf", "Mn", "Me"))
    seen = re.sub(r"[*_`~\\]", "", seen).replace("。example", ".example")
    return "".join(str(unicodedata.digit(c)) if c.isdigit() else c for c in seen).casefold()


class Liar:
    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)

    def lie(self, lang: str) -> Lie:
        passages = tuple(self._random.sample(PASSAGES[lang], self._random.choice((1, 2, 3))))
        sentences = re.split(r"(?<=[.]) |(?<=。)(?=.)", self._random.choice(passages).text)
        chosen = self._random.sample(sentences, self._random.randint(1, len(sentences)))
        tells: list[str] = []
        for _ in range(self._random.choice((0, 1, 1, 1, 2))):
            at = self._random.randrange(len(chosen))
            chosen[at], tell = self._spoil(chosen[at], lang, passages)
            tells.append(tell)
        return Lie(passages, self._joined(chosen, lang), tuple(tells))

    def pieces(self, text: str) -> list[str]:
        """As tokens come: cut anywhere."""
        cuts = sorted(self._random.sample(range(1, len(text)), min(len(text) - 1, self._random.randint(1, 30))))
        return [text[start:end] for start, end in zip([0, *cuts], [*cuts, len(text)], strict=True)]

    def _spoil(self, sentence: str, lang: str, passages: tuple[Passage, ...]) -> tuple[str, str]:
        spoils = [self._link, self._added_number, self._other_number, self._other_number, self._other_number]
        return self._random.choice(spoils)(sentence, lang, passages)

    def _link(self, sentence: str, lang: str, _: object) -> tuple[str, str]:
        link = self._random.choice(re.split(r"[|\n]", _LINKS))
        where = {"en": (" See {}.", " ({})", " {}"), "zh": ("请见{}。", "（{}）", " {} ")}[lang]
        return self._put_in(sentence, self._random.choice(where).format(link)), "evil.example"

    def _added_number(self, sentence: str, lang: str, passages: tuple[Passage, ...]) -> tuple[str, str]:
        number = self._number_not_in(passages)
        where = {
            "en": (" within {} days", " ({} in all)", "\n{}", " 5.{}"),
            "zh": ("，{}天内", "（共{}次）", "\n{}天", "{}"),
        }[lang]
        return self._put_in(sentence, self._random.choice(where).format(self._spelled(number, lang))), str(number)

    def _other_number(self, sentence: str, lang: str, passages: tuple[Passage, ...]) -> tuple[str, str]:
        numbers = list(_NUMBER.finditer(sentence))
        if not numbers:
            return self._added_number(sentence, lang, passages)
        old, number = self._random.choice(numbers), self._number_not_in(passages)
        return sentence[: old.start()] + self._spelled(number, lang) + sentence[old.end() :], str(number)

    def _number_not_in(self, passages: tuple[Passage, ...]) -> int:
        there = {int(found) for passage in passages for found in _NUMBER.findall(passage.text)}
        return self._random.choice([number for number in _WORDS if number not in there])

    def _spelled(self, number: int, lang: str) -> str:
        digits = str(number)
        spellings = [
            digits,
            "".join(chr(ord(digit) + 0xFEE0) for digit in digits),
            "".join(chr(ord(digit) - ord("0") + 0x660) for digit in digits),
            "\u200b".join(digits),
            "".join(f"&#{ord(digit)};" for digit in digits),
            "".join(f"{digit}\ufe0f\u20e3" for digit in digits),
            f"**{digits[0]}**{digits[1:]}",
            "\\".join(digits),
            _WORDS[number][lang == "zh"],
            _WORDS[number][lang == "zh"].upper(),
        ]
        return self._random.choice(spellings)

    def _put_in(self, sentence: str, words: str) -> str:
        """At the end, or before it."""
        return sentence + words if self._random.random() < 0.4 else sentence[:-1] + words + sentence[-1]

    def _joined(self, sentences: list[str], lang: str) -> str:
        return self._random.choice(["\n", "\n\n- ", " " if lang == "en" else ""]).join(sentences)


def tells_in(text: str, lie: Lie) -> list[str]:
    """The lies that can be read in a text."""
    seen = as_read(text)
    spelled = {str(number): words for number, words in _WORDS.items()}
    return [
        tell
        for tell in lie.tells
        if (re.search(rf"(?<!\d){tell}(?!\d)", seen) if tell.isdigit() else tell in seen)
        or any(
            re.search(rf"(?<!\w){re.escape(word)}(?!\w)|{word}(?=[天次日月元%])", seen)
            for word in spelled.get(tell, ())
        )
    ]
