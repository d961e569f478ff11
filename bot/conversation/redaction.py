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
    "|".join(
        (
            r"\bxox[a-z]-[\w-]{10,}",  # Slack
            r"\bxapp-[\w-]{10,}",
            r"\bgh[opsru]_\w{30,}",  # GitHub
            r"\bgithub_pat_\w{30,}",
            r"\bglpat-[\w-]{20,}",  # GitLab
            r"\b(?:AKIA|ASIA)[A-Z0-9]{16}\b",  # AWS
            r"\bLTAI[A-Za-z0-9]{12,24}\b",  # Alibaba Cloud
            r"\bAKID[A-Za-z0-9]{13,40}\b",  # Tencent Cloud
            r"\bAIza[\w-]{35}",  # Google
            r"\bya29\.[\w-]{20,}",
            r"\b[sr]k_(?:live|test)_[A-Za-z0-9]{16,}",  # Stripe
            r"\bsk-[\w-]{20,}",  # OpenAI and those who imitate it
            r"\bhf_[A-Za-z0-9]{30,}",
            r"\bnpm_[A-Za-z0-9]{30,}",
            r"\bpypi-[\w-]{50,}",
            r"\bSG\.[\w-]{16,}\.[\w-]{16,}",  # SendGrid
            r"\beyJ[\w-]{8,}\.eyJ[\w-]{8,}\.[\w-]*",  # JSON Web Tokens
            r"(?<=://)[^\s/:@]+:[^\s/@]+(?=@)",  # a password in an address
            r"(?i:(?<=bearer )[\w.~+/-]{20,}=*)",
        )
    )
)
_CARD = re.compile(r"(?<![\d.,])[2-6](?:[ -]?\d){12,18}(?![\d]|[.,]\d)")
_CHINESE_ID = re.compile(r"(?<![\dA-Za-z])[1-9]\d{16}[\dXx](?![\dA-Za-z])")
_PHONE = re.compile(
    r"(?<![\d+.,-])(?:"
    r"(?:(?:\+|00)86[ -]?)?1[3-9]\d(?:[ -]?\d{4}){2}"  # mobiles of China, as they are written there
    r"|\+\d{1,3}(?:[ .-]?\(?\d{1,4}\)?){2,6}"  # with the code of a country
    r")(?!\d)"
)
_EMAIL = re.compile(r"(?<![\w.+-])[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
_ID_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)  # GB 11643-1999
_ID_CHECKS = "10X98765432"
_LEAST_PHONE_DIGITS = 8


def _is_card(found: str) -> bool:
    """Luhn's check digit."""
    digits = [int(digit) for digit in found if digit.isdigit()]
    doubled = (2 * digit - 9 if digit > 4 else 2 * digit for digit in digits[-2::-2])
    return (sum(digits[-1::-2]) + sum(doubled)) % 10 == 0


def _is_chinese_id(found: str) -> bool:
    """A date of birth and the check digit."""
    weighed = sum(int(digit) * weight for digit, weight in zip(found, _ID_WEIGHTS, strict=False))
    try:
        date(int(found[6:10]), int(found[10:12]), int(found[12:14]))
    except ValueError:
        return False
    return _ID_CHECKS[weighed % 11] == found[17].upper()


def _is_phone(found: str) -> bool:
    return sum(character.isdigit() for character in found) >= _LEAST_PHONE_DIGITS


def _always(_found: str) -> bool:
    return True


@dataclass(frozen=True, slots=True)
class _Rule:
    kind: str
    pattern: re.Pattern[str]
    is_one: Callable[[str], bool]
    stands_instead: Mapping[Language, str]


# In this order: what one has taken, the next does not look at.
_RULES = (
    _Rule("keys", _KEY, _always, {"en": "[key removed]", "zh": "[密钥已删除]"}),
    _Rule("tokens", _TOKEN, _always, {"en": "[token removed]", "zh": "[令牌已删除]"}),
    _Rule("emails", _EMAIL, _always, {"en": "[e-mail address removed]", "zh": "[邮箱已删除]"}),
    _Rule("chinese_ids", _CHINESE_ID, _is_chinese_id, {"en": "[identity number removed]", "zh": "[身份证号已删除]"}),
    _Rule("cards", _CARD, _is_card, {"en": "[card number removed]", "zh": "[卡号已删除]"}),
    _Rule("phones", _PHONE, _is_phone, {"en": "[phone number removed]", "zh": "[电话号码已删除]"}),
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
        if rule.is_one(match.group()):
            yield text[at : match.start()]
            yield rule.stands_instead[language]
            at = match.end()
    yield text[at:]
