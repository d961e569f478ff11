"""Documents in pieces: short enough, word for word, nothing lost, under the right headings."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.conversation.knowledge.handbooks.splitting import LONGEST, Piece, split_markdown, split_plain

HANDBOOK = """\
Before any heading.

# Leave

Ask early.

## Annual leave

Twenty days.

- five carry over
- # not a heading of ours

> ## nor this

## Sick *leave* `code`

<!-- a note
for editors -->

Call by ten.

---

Bring a note.

Parental
========

| weeks | who |
| ----- | --- |
| 16    | all |

```sh
# no heading either
```
"""


def test_pieces_stand_under_their_headings() -> None:
    assert split_markdown(HANDBOOK) == [
        Piece((), "Before any heading."),
        Piece(("Leave",), "Ask early."),
        Piece(
            ("Leave", "Annual leave"),
            "Twenty days.\n\n- five carry over\n- # not a heading of ours\n\n> ## nor this",
        ),
        Piece(("Leave", "Sick leave code"), "Call by ten."),
        Piece(("Leave", "Sick leave code"), "Bring a note."),
        Piece(
            ("Parental",),
            "| weeks | who |\n| ----- | --- |\n| 16    | all |\n\n```sh\n# no heading either\n```",
        ),
    ]


def test_a_title_stands_above_all_headings_once() -> None:
    assert [piece.heading_path for piece in split_markdown("a\n\n# Leave\n\nb\n\n### Deep\n\nc", "Leave")] == [
        ("Leave",),
        ("Leave",),
        ("Leave", "Deep"),
    ]


def test_paragraphs_stay_together_while_they_fit() -> None:
    paragraphs = ["word " * 99 + "end." for _ in range(5)]  # 499 characters each

    pieces = split_markdown("# A\n\n" + "\n\n".join(paragraphs))

    assert [len(piece.text) for piece in pieces] == [1_000, 1_000, 499]


@pytest.mark.parametrize(
    ("text", "ends"),
    [
        ("- item\n" * 400, "item"),
        ("A sentence of some words. " * 100, "."),
        ("这是一句话，说明年假的规定。" * 200, "。"),
        ("word " * 500, "word"),
        ("x" * 3_000, "x"),
        ("```\n" + "code line\n" * 300 + "```", "e"),
    ],
)
def test_what_is_too_long_is_cut_where_it_hurts_least(text: str, ends: str) -> None:
    pieces = [piece.text for piece in split_markdown(text)]

    assert all(LONGEST // 2 <= len(piece) <= LONGEST for piece in pieces[:-1])
    assert all(piece.endswith(ends) for piece in pieces[:-1])
    assert squeezed("".join(pieces)) == squeezed(text)


def test_plain_text_has_paragraphs_and_no_markup() -> None:
    text = "# not a heading\n    as it stands\n \n* second\n\n\n" + "long. " * 300

    pieces = split_plain(text)

    assert pieces[0].text == "# not a heading\n    as it stands\n \n* second"
    assert {piece.heading_path for piece in pieces} == {()}
    assert squeezed("".join(piece.text for piece in pieces)) == squeezed(text)


def test_nothing_makes_no_pieces() -> None:
    for text in ("", "\n\n", "# Only a heading", "<!-- only a note -->", "---"):
        assert split_markdown(text) == []
    assert split_plain(" \n\n ") == []


BLOCKS = st.one_of(
    st.text(st.characters(codec="utf-8", exclude_characters="\r"), max_size=60),
    st.sampled_from(["# One", "## Two", "- item", "> quoted", "```", "| a |\n|---|\n| b |", "---", "    code", "1. x"]),
    st.integers(1, 400).map(lambda count: "Some words, and 年假 too. " * count),
)


@given(st.lists(BLOCKS, max_size=12).map("\n\n".join))
def test_every_piece_is_a_slice_of_its_document_and_they_follow_each_other(text: str) -> None:
    for split in (split_markdown, split_plain):
        position = 0
        for piece in split(text):
            assert 0 < len(piece.text) <= LONGEST
            position = text.index(piece.text, position) + len(piece.text)


@given(st.lists(BLOCKS, max_size=12).map("\n\n".join))
def test_of_plain_text_nothing_is_lost(text: str) -> None:
    assert squeezed("".join(piece.text for piece in split_plain(text))) == squeezed(text)


def squeezed(text: str) -> str:
    return re.sub(r"\s", "", text)
