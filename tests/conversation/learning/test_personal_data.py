"""What must never become everybody's reading."""

import pytest

from bot.conversation.learning.personal_data import has_personal_data


@pytest.mark.parametrize(
    "text",
    [
        "write to dana.li@acme.test please",
        "where is @dana",
        "call me at +49 (170) 123-4567",
        "my number is 13800000000",
        "我的电话是138 0000 0000",
        "我的电话是一三八零零零零",
        "employee ４７１１００ has no badge",
        "born on 1990-02-14",
        "see https://intranet.acme.test/people/dana",
        "www.dana.example",
    ],
)
def test_personal(text: str) -> None:
    assert has_personal_data(text)


@pytest.mark.parametrize(
    "text",
    [
        "how many of my 25 days are left in 2026",
        "from 9:00 to 17:30",
        "can i take 10 or 12, 14, 16 days",
        "room 12345",
        "一年有多少天年假",
        "二十三天年假怎么请",
        "401k match",
    ],
)
def test_not_personal(text: str) -> None:
    assert not has_personal_data(text)
