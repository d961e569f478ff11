"""Secrets and numbers of people that nobody needs for an answer: taken out before anything is written down.

By rules: what has a prefix or a check digit is recognised; names are not. What was found is counted, never kept.
"""

import re
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import date

from bot.conversation.phrases import Language

# Width makes no difference; each character stays where it is.
_NARROW = {wide: wide - 0xFEE0 for wide in range(0xFF01, 0xFF5F)} | {0x3000: 0x20}
_KEY = re.compile(
    r"-----BEGIN (?P<what>[A-Z0-9 ]*PRIVATE KEY(?: BLOCK)?)-----.*?(?:-----END (?P=what)-----|\Z)", re.DOTALL
)
_TOKEN = re.compile(
    # ASCII: there is no space before or behind a token among Chinese words, and both would be letters.
    r"(?a:(?<![A-Za-z0-9])(?:"
    + "|".join(
        (
            r"xox[a-z]-[\w-]{10,}",  # Slack
            r"xapp-[\w-]{10,}",
            r"hooks\.slack\.com/(?:services|workflows|triggers)/[\w/-]{20,}",
            r"gh[opsru]_\w{30,}",  # GitHub
            r"github_pat_\w{30,}",
            r"glpat-[\w-]{20,}",  # GitLab
            r"(?:AKIA|ASIA)[A-Z0-9]{16}(?![A-Za-z0-9])",  # AWS
            r"LTAI[A-Za-z0-9]{12,24}(?![A-Za-z0-9])",  # Alibaba Cloud
            r"AKID[A-Za-z0-9]{13,40}(?![A-Za-z0-9])",  # Tencent Cloud
            r"oapi\.dingtalk\.com/robot/send\?access_token=\w{20,}",
            r"qyapi\.weixin\.qq\.com/cgi-bin/webhook/send\?key=[\w-]{20,}",
            r"open\.(?:feishu\.cn|larksuite\.com)/open-apis/bot/v2/hook/[\w-]{20,}",
            r"AIza[\w-]{35}",  # Google
            r"ya29\.[\w-]{20,}",
            r"[sr]k_(?:live|test)_[A-Za-z0-9]{16,}",  # Stripe
            r"whsec_[A-Za-z0-9+/]{20,}=*",
            r"sk-(?=[A-Za-z_-]{0,60}\d)[\w-]{20,}",  # OpenAI and others; words with hyphens have no digits
            r"hf_[A-Za-z0-9]{30,}",
            r"npm_[A-Za-z0-9]{30,}",
            r"pypi-[\w-]{50,}",
            r"dop_v1_[a-f0-9]{40,}",  # DigitalOcean
            r"SG\.[\w-]{16,}\.[\w-]{16,}",  # SendGrid
            r"eyJ[\w-]{8,1000}\.eyJ[\w-]{8,}\.[\w-]*",  # JSON Web Tokens
        )
    )
    + r"))|(?<=://)[^\s/:@]*:[^\s/@]+(?=@)"  # a password in an address
    r"|(?ai:(?<=bearer )[\w.~+/-]{20,}=*|(?<=authorization: basic )[\w+/-]{8,}=*)"
)
_BETWEEN = r"[ \t\n\u00a0\u2009\u202f\u2010-\u2015.-]{1,2}"  # groups of digits
_CARD = re.compile(
    r"(?<!\d)(?<!\d[.,])(?:"
    r"[2-6]\d{15}|3[47]\d{13}|3[0689]\d{12}|4\d{12}|[456]\d{16,18}"  # as long as their issuers make them
    rf"|[2-6]\d{{3}}(?:{_BETWEEN}\d{{4}}){{3}}(?:{_BETWEEN}\d{{3}})?"
    rf"|3[47]\d{{2}}{_BETWEEN}\d{{6}}{_BETWEEN}\d{{5}}"
    rf"|3[0689]\d{{2}}{_BETWEEN}\d{{6}}{_BETWEEN}\d{{4}}"
    r")(?!\d)"
)
_CARD_IN_ODD_GROUPS = re.compile(r"(?<![\d.,])[2-6]\d*(?=[ -])(?:[ -]?\d){12,18}(?![\d]|[.,]\d)")
_CHINESE_ID = re.compile(r"(?<!\d)[1-9]\d{5}[ -]?\d{8}[ -]?\d{3}[\dXx](?![\dA-Za-z])")
_PHONE = re.compile(
    r"(?<![\d+.,-])(?:"
    r"(?:(?:\+|00)86[ -]?)?1[3-9]\d(?:[ -]?\d{4}){2}"  # mobiles of China, as they are written there
    r"|\+\d{1,3}(?:[ .-]?\(?\d{1,4}\)?){2,6}"  # with the code of a country
    r")(?!\d)"
)
_EMAIL = re.compile(r"(?<![\w.+-])[\w.+-]+@[\w-]+(?:\.[\w-]+)+", re.ASCII)
_ID_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)  # GB 11643-1999
_ID_CHECKS = "10X98765432"
_LEAST_PHONE_DIGITS = 8
_LEAST_CARD_DIGITS = 13


def _card_in(found: str) -> int:
    """With what stands behind it, a code or a year, or without."""
    return next((len(one) for one in (found, re.sub(r"\D{1,2}\d{3}\Z", "", found)) if _has_luhn_digit(one)), 0)


def _has_luhn_digit(found: str) -> bool:
    digits = [int(digit) for digit in found if digit.isdigit()]
    doubled = (2 * digit - 9 if digit > 4 else 2 * digit for digit in digits[-2::-2])
    return len(digits) >= _LEAST_CARD_DIGITS and (sum(digits[-1::-2]) + sum(doubled)) % 10 == 0


def _chinese_id_in(found: str) -> int:
    """A date of birth and the check digit."""
    figures = found.replace(" ", "").replace("-", "")
    weighed = sum(int(digit) * weight for digit, weight in zip(figures, _ID_WEIGHTS, strict=False))
    try:
        date(int(figures[6:10]), int(figures[10:12]), int(figures[12:14]))
    except ValueError:
        return 0
    return len(found) if _ID_CHECKS[weighed % 11] == figures[17].upper() else 0


def _phone_in(found: str) -> int:
    return len(found) if sum(character.isdigit() for character in found) >= _LEAST_PHONE_DIGITS else 0


@dataclass(frozen=True, slots=True)
class _Rule:
    """`length`: how much, from its beginning, of what the pattern finds is one; 0: it is none."""

    kind: str
    pattern: re.Pattern[str]
    length: Callable[[str], int]
    stands_instead: Mapping[Language, str]


_CARD_WORDS: Mapping[Language, str] = {"en": "[card number removed]", "zh": "[卡号已删除]"}
# In this order: what one has taken, the next does not look at.
_RULES = (
    _Rule("keys", _KEY, len, {"en": "[key removed]", "zh": "[密钥已删除]"}),
    _Rule("tokens", _TOKEN, len, {"en": "[token removed]", "zh": "[令牌已删除]"}),
    _Rule("emails", _EMAIL, len, {"en": "[e-mail address removed]", "zh": "[邮箱已删除]"}),
    _Rule("chinese_ids", _CHINESE_ID, _chinese_id_in, {"en": "[identity number removed]", "zh": "[身份证号已删除]"}),
    _Rule("cards", _CARD, _card_in, _CARD_WORDS),
    _Rule("cards", _CARD_IN_ODD_GROUPS, _card_in, _CARD_WORDS),
    _Rule("phones", _PHONE, _phone_in, {"en": "[phone number removed]", "zh": "[电话号码已删除]"}),
)


@dataclass(frozen=True, slots=True)
class Redacted:
    """`counts`: how many of each kind were taken out."""

    text: str
    counts: Mapping[str, int]


class Redactor:
    def __init__(self, kinds: Collection[str]) -> None:
        """`kinds`: of `[audit] redact`."""
        self._rules = [rule for rule in _RULES if rule.kind in kinds]

    def redact(self, text: str, language: Language) -> Redacted:
        """The text without them. Takes time by the text's length."""
        counts: Counter[str] = Counter()
        for rule in self._rules:
            pieces = list(_pieces(rule, text, language))
            counts[rule.kind] += len(pieces) // 2
            text = "".join(pieces)
        return Redacted(text, {kind: count for kind, count in counts.items() if count})


def _pieces(rule: _Rule, text: str, language: Language) -> Iterator[str]:
    """What stays and what stands instead, in turns; it ends with what stays."""
    at = 0
    for match in rule.pattern.finditer(text.translate(_NARROW)):
        if length := rule.length(match.group()):
            yield text[at : match.start()]
            yield rule.stands_instead[language]
            at = match.start() + length
    yield text[at:]
