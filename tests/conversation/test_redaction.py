"""What is taken out before it is written down: what is a secret goes, what only looks like one stays."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.conversation.redaction import Redactor

ALL = Redactor(("tokens", "keys", "cards", "chinese_ids", "phones", "emails"))
SECRETS = {
    # Put together here, so that nobody takes this file for a leak.
    "xox" + "b-123456789012-abcdefGHIJKL": "tokens",
    "gh" + "p_" + "a1B2" * 9: "tokens",
    "AK" + "IA" + "IOSFODNN7EXAMPLE": "tokens",
    "LT" + "AI" + "4GFexample1234567": "tokens",
    "sk" + "-proj-" + "abcdEFGH1234" * 3: "tokens",
    "eyJ" + "hbGciOiJIUzI1NiJ9.eyJ" + "zdWIiOiIxMjM0In0.c2lnbmF0dXJl": "tokens",
    "-----BEGIN RSA PRIVATE KEY-----\nMIIEow\nabc==\n-----END RSA PRIVATE KEY-----": "keys",
    "4111 1111 1111 1111": "cards",
    "5500-0000-0000-0004": "cards",
    "6212 3456 7890 1000 002": "cards",
    "４１１１１１１１１１１１１１１１": "cards",
    "11010519491231002X": "chinese_ids",
    "440524188001010014": "chinese_ids",
    "13812345678": "phones",
    "+86 138 1234 5678": "phones",
    "+49 (30) 1234-5678": "phones",
    "mei.lin+hr@example.com.cn": "emails",
}
HARMLESS = [
    "4111 1111 1111 1112",  # Luhn's digit is another
    "110105194912310021",  # the check digit is another
    "11010519491331002X",  # the thirteenth month
    "In 2026 there were 1,234,567,890,123,456 requests",
    "order 202603020900123456 of 2026-03-02",
    "12345678",
    "version 1.2.3-beta.4, build 20260302",
    "risk-based approach, task-oriented, a disk-encrypting skill",
    "the sk-learn package",
    "sk-this-is-a-normal-hyphenated-word",
    "IMEI 490154203237518",
    "3.14159265358979323",
    "年假有 15 天，工龄满 10 年",
    "ask @mei about it",
]


@pytest.mark.parametrize(("secret", "kind"), SECRETS.items())
def test_a_secret_goes_and_what_is_around_it_stays(secret: str, kind: str) -> None:
    redacted = ALL.redact(f"我的是 {secret}，怎么办？ what now?", "en")

    assert redacted.counts == {kind: 1}
    assert redacted.text.startswith("我的是 [")
    assert redacted.text.endswith(" removed]，怎么办？ what now?")
    assert not any(secret[at : at + 8] in redacted.text for at in range(len(secret) - 8))


@pytest.mark.parametrize("text", HARMLESS)
def test_what_only_looks_like_one_stays(text: str) -> None:
    assert ALL.redact(text, "en").text == text


@pytest.mark.parametrize("before", ["是", "token_", "(", ""])
@pytest.mark.parametrize(
    ("secret", "kind"), [(one, kind) for one, kind in SECRETS.items() if kind in ("tokens", "emails")]
)
def test_a_secret_goes_wherever_it_stands(secret: str, kind: str, before: str) -> None:
    """Chinese has no spaces, and its characters are letters."""
    if kind == "emails" and before == "token_":
        pytest.skip("it is a part of that address")
    redacted = ALL.redact(f"{before}{secret}谢谢", "en")

    assert redacted.counts == {kind: 1}
    assert redacted.text == f"{before}[{'token' if kind == 'tokens' else 'e-mail address'} removed]谢谢"


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("4111 1111 1111 1111 12/27", "# 12/27"),
        ("4111 1111 1111 1111 123", "# 123"),
        ("2 4111 1111 1111 1111", "2 #"),
        ("order 23 4111111111111111", "order 23 #"),
        ("4111\u00a01111\u00a01111\u00a01111", "#"),
        ("4111–1111–1111–1111", "#"),
        ("4111  1111  1111  1111", "#"),
        ("4111\n1111\n1111\n1111", "#"),
        ("4111111111111111,5", "#,5"),
        ("3782 822463 10005", "#"),
        ("4111 11111 1111 111", "#"),
        ("110105 19491231 002X", "@"),
        ("ID11010519491231002X", "ID@"),
    ],
)
def test_numbers_go_in_whatever_groups_they_are_written(text: str, left: str) -> None:
    left = left.replace("#", "[card number removed]").replace("@", "[identity number removed]")

    assert ALL.redact(text, "en").text == left


@pytest.mark.parametrize("piece", ["eyJ-", "sk-", "4111 ", "://a:", "xoxb-1", "-----BEGIN PRIVATE KEY"])
def test_a_long_text_is_looked_through_by_its_length(piece: str) -> None:
    """No figure: a search that goes back and forth does not end within the time that a test has."""
    ALL.redact(piece * (200_000 // len(piece)), "en")


def test_a_password_in_an_address_goes_and_the_host_stays() -> None:
    assert ALL.redact("postgres://app:hunter2@db.local/x", "en").text == "postgres://[token removed]@db.local/x"


def test_several_are_counted_and_named_in_the_language_of_the_question() -> None:
    redacted = ALL.redact("卡 4111111111111111 和 5500000000000004，手机 13812345678", "zh")

    assert redacted.text == "卡 [卡号已删除] 和 [卡号已删除]，手机 [电话号码已删除]"
    assert redacted.counts == {"cards": 2, "phones": 1}


def test_only_what_is_asked_for_is_taken_out() -> None:
    text = "13812345678, 4111111111111111"

    assert Redactor(()).redact(text, "en").text == text
    assert Redactor(("cards",)).redact(text, "en").text == "13812345678, [card number removed]"


@given(st.text(max_size=200))
def test_twice_is_as_once(text: str) -> None:
    once = ALL.redact(text, "en")

    assert ALL.redact(once.text, "en").text == once.text


def test_long_texts_take_no_longer_than_their_length() -> None:
    for text in ("1" * 50_000, "1 " * 25_000, "a@" * 25_000, "-----BEGIN PRIVATE KEY-----" * 500, "a." * 25_000):
        ALL.redact(text, "en")
