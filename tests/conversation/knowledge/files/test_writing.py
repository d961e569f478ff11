"""Files that are written: read again, they say the same; and a spreadsheet computes nothing of them."""

import csv
import io
import re
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from bot.conversation.knowledge.entry_rules import find_faults, tidy_answer, tidy_line
from bot.conversation.knowledge.files.csv_file import parse_csv
from bot.conversation.knowledge.files.formats import Format, load_entries, write_entry, write_file
from bot.conversation.knowledge.files.markdown_file import parse_markdown
from bot.conversation.knowledge.files.reading import Problems, read_entry
from bot.conversation.knowledge.files.yaml_file import parse_yaml
from storage.knowledge.records import Entry, EntryStatus, EntryText, GivenEntry
from tests.clock import START
from tests.conversation.knowledge.files.test_reading import OFFICE

PARSERS = {Format.YAML: parse_yaml, Format.CSV: parse_csv, Format.MARKDOWN: parse_markdown}
# What people type, and what formats trip over.
WORDS = st.text(st.characters(codec="utf-8"), max_size=20) | st.sampled_from(
    [
        "- a",
        "a: b",
        "# c",
        "---",
        "'x",
        "''=1",
        "=1+1",
        "@x",
        "＝1",
        " | ",
        "a | b",
        '"',
        ",",
        "\n\n",
        "  \n",
        "`|`",
        "null",
        "~",
        "&a *b",
        "🏖",
        "\u2028",
        "\x85",
    ]
)
TEXTS = st.lists(WORDS, max_size=4).map("".join)
LINES = TEXTS.map(tidy_line)
DAYS = st.none() | st.dates(date(1000, 1, 1))


@st.composite
def entries(draw: st.DrawFn) -> Entry:
    text = EntryText(
        lang=draw(st.sampled_from(["en", "zh"])),
        question=draw(LINES.filter(bool)),
        variants=tuple(draw(st.lists(LINES.filter(bool), max_size=3))),
        answer=draw(TEXTS.map(tidy_answer).filter(bool)),
        owner=draw(LINES),
        audience=draw(st.sampled_from([("everyone",), ("group:S1",), ("channel:C1", "group:S1")])),
        source_url=draw(st.sampled_from(["", "https://a.test/?q=1#x"])),
        verified_at=draw(DAYS),
        review_by=draw(DAYS),
    )
    assume(not list(find_faults("an_id", text)))
    status = draw(st.sampled_from(EntryStatus))
    return Entry(entry_id="an_id", revision=1, status=status, text=text, author="cli:a", revised_at=START)


def written(entry: Entry, form: Format) -> str:
    return write_entry(entry) if form is Format.MARKDOWN else write_file([entry], form)


def read_again(text: str, form: Format) -> GivenEntry:
    problems = Problems("a")
    (raw,) = PARSERS[form](text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n"), problems)
    read = read_entry(raw, problems)
    assert problems.found == []
    return read.given


@pytest.mark.parametrize("form", Format)
@given(entry=entries())
def test_what_is_written_reads_the_same(form: Format, entry: Entry) -> None:
    again = read_again(written(entry, form), form)

    status = None if entry.status is EntryStatus.PUBLISHED else entry.status
    assert again == GivenEntry(entry_id="an_id", text=entry.text, status=status)


@pytest.mark.parametrize(("form", "name"), [(Format.YAML, "a.yaml"), (Format.CSV, "a.csv")])
def test_a_whole_file_reads_the_same_through_the_disk(form: Format, name: str, tmp_path: Path) -> None:
    office = [replace(one, status=one.status or EntryStatus.PUBLISHED) for one in load_entries([OFFICE])]
    stored = [
        Entry(entry_id=one.entry_id, revision=1, status=one.status, text=one.text, author="", revised_at=START)
        for one in office
        if one.status
    ]
    (tmp_path / name).write_bytes(write_file(stored, form).encode())

    again = load_entries([tmp_path / name])

    assert [replace(one, status=one.status or EntryStatus.PUBLISHED) for one in again] == office


@given(entry=entries())
def test_no_cell_is_a_formula(entry: Entry) -> None:
    text = write_file([entry], Format.CSV)

    assert text.startswith("\ufeffid,")
    for row in csv.reader(io.StringIO(text.removeprefix("\ufeff"), newline="")):
        assert not any(re.match(r"[=+\-@\t\r＝＋－＠]", cell) for cell in row)


def test_yaml_looks_as_somebody_would_write_it() -> None:
    text = EntryText(
        lang="zh",
        question="年假？",
        variants=("几天",),
        answer="**10** 天\n\n- a",
        owner="",
        review_by=date(2027, 6, 30),
    )
    entry = Entry(entry_id="leave", revision=3, status=EntryStatus.DRAFT, text=text, author="", revised_at=START)

    assert write_file([entry], Format.YAML) == (
        "entries:\n- id: leave\n  lang: zh\n  question: 年假？\n  variants:\n  - 几天\n"
        "  answer: |-\n    **10** 天\n\n    - a\n  audience: everyone\n  review_by: '2027-06-30'\n  status: draft\n"
    )
