"""Files of entries: what is right is read the same from every format, what is wrong is named with its line."""

from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from bot.conversation.knowledge.files.formats import load_entries
from bot.errors import FilesRefused
from storage.knowledge.records import EntryStatus, GivenEntry

OFFICE = Path(__file__).parent / "office.yaml"

Write = Callable[..., Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def write(name: str, text: str | bytes) -> Path:
        path = tmp_path / name
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    return write


def complaints(*paths: Path) -> list[str]:
    """What `load_entries` refuses the files with, without their folder."""
    with pytest.raises(FilesRefused) as refused:
        load_entries(paths)
    assert f"{len(refused.value.problems)} mistake" in str(refused.value)
    return [str(problem).replace(f"{paths[0].parent}/", "") for problem in refused.value.problems]


def an_entry(*lines: str, **changes: str) -> str:
    """An entry in YAML; `changes` replace its lines, by key."""
    given = {"id": "a", "lang": "en", "question": "How?", "answer": "So.", **changes}
    return "\n".join(
        ["entries:", *(f"{'- ' if key == 'id' else '  '}{key}: {value}" for key, value in given.items()), *lines]
    )


# ── what is right ────────────────────────────────────────────────────────────


def test_yaml_is_read_with_everything_in_it() -> None:
    bicycles, visitors, chinese, lockers = load_entries([OFFICE])

    assert bicycles.entry_id == "bicycles"
    assert bicycles.status is bicycles.text.verified_at is None
    assert bicycles.text.variants == ("is there a bike cellar", "where do bikes go", "can i bring my bike inside")
    assert bicycles.text.answer.startswith("Bicycles stand in the cellar of **building B**.\n\n- The gate")
    assert bicycles.text.audience == ("everyone",)
    assert (bicycles.text.review_by, visitors.text.review_by) == (date(2027, 6, 30), date(2026, 12, 31))
    assert visitors.text.audience == ("channel:C0FRONT", "group:S0DESK")
    assert visitors.text.verified_at == date(2026, 1, 15)
    assert chinese.text.question == "自行车停在哪里？"
    assert (lockers.status, lockers.text.variants, lockers.text.owner) == (EntryStatus.DRAFT, (), "")


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("ends", ["\n", "\r\n"])
def test_csv_is_read_as_spreadsheets_write_it(write: Write, delimiter: str, ends: str) -> None:
    rows = (
        ("ID", "lang", "question", "variants", "answer", "review_by", "audience"),
        ("bicycles", "en", '"Where, I ask; is it?"', "one | two", '"First line\nsecond, line"', "2027/6/3", ""),
        ("",) * 7,
        ("year", "zh", "年假？", '"年假几天\n一年 | 几天\n"', "10天", "", "group:S1 | group:S2"),
    )
    text = ends.join(delimiter.join(row) for row in rows).encode("utf-8-sig")

    bicycles, year = load_entries([write("faq.csv", text)])

    assert bicycles.text.question == "Where, I ask; is it?"
    assert bicycles.text.variants == ("one", "two")
    assert bicycles.text.answer == "First line\nsecond, line"
    assert bicycles.text.review_by == date(2027, 6, 3)
    assert year.text.variants == ("年假几天", "一年 | 几天")
    assert year.text.audience == ("group:S1", "group:S2")


def test_markdown_holds_its_keys_between_dashes_and_the_answer_below(write: Write) -> None:
    text = "---\nid: a\nlang: en\nquestion: How?\nvariants:\n- so\n---\n\n    code\n\n---\n\nafter a *rule*  \n\n"

    (entry,) = load_entries([write("a.md", text)])

    assert entry.text.answer == "    code\n\n---\n\nafter a *rule*"
    assert entry.text.variants == ("so",)


def test_a_folder_stands_for_the_files_in_it(write: Write, tmp_path: Path) -> None:
    write("b.yaml", an_entry(id="b"))
    write("a.md", "---\nid: a\nlang: en\nquestion: How?\n---\nSo.")
    write("notes.txt", "not for here")

    assert [entry.entry_id for entry in load_entries([tmp_path])] == ["a", "b"]


def test_values_stay_what_was_written(write: Write) -> None:
    """YAML's own idea of numbers, days and truth would change words."""
    text = an_entry("  variants: [12, 0x10, null-ish]", question="no", answer="1.50", owner="0123", id="2027-06-30")

    (entry,) = load_entries([write("a.yaml", text)])

    assert (entry.entry_id, entry.text.question, entry.text.answer) == ("2027-06-30", "no", "1.50")
    assert (entry.text.owner, entry.text.variants) == ("0123", ("12", "0x10", "null-ish"))


def test_what_nobody_sees_is_taken_out(write: Write) -> None:
    text = an_entry("  answer: |\n", "    a\u200bb\u202e  ", "    c", question='"  Where\u00ad is\\n it? "').replace(
        "  answer: So.\n", ""
    )

    (entry,) = load_entries([write("a.yaml", text)])

    assert (entry.text.question, entry.text.answer) == ("Where is it?", "ab  \nc")


# ── what is wrong ────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        (an_entry(lang="fr"), "a.yaml:3: unknown language 'fr': write en or zh"),
        (an_entry(lang=""), "a.yaml:3: there is no lang: write en or zh"),
        (an_entry(question='"  "'), "a.yaml:4: there is no question"),
        (an_entry(answer=""), "a.yaml:5: there is no answer: write one, or leave the entry out"),
        (an_entry("  review_by: 2027-02-30"), "a.yaml:6: review_by is '2027-02-30': write a day as 2027-06-30"),
        (an_entry("  verified_at: next week"), "a.yaml:6: verified_at is 'next week': write a day as 2027-06-30"),
        (an_entry("  status: live"), "a.yaml:6: status is 'live': write draft, published, retired"),
        (an_entry("  varients: [a]"), "a.yaml:6: unknown key 'varients': did you mean `variants`?"),
        (an_entry("  colour: red"), "a.yaml:6: unknown key 'colour': known are id, lang, question,"),
        (an_entry("  variants: one"), "a.yaml:6: variants is a list: write each on a line of its own, after `- `"),
        (an_entry("  variants:", "  - a", "  -", "  - b"), "a.yaml:8: a variant is empty: take it out"),
        (an_entry("  variants:", "  - a: b"), "a.yaml:6: variants holds texts, no mappings"),
        (an_entry("  question: Again?"), "a.yaml:6: `question` stands twice, first on line 4"),
        (an_entry("  owner: [a, b]"), "a.yaml:6: owner is one text, not a list"),
        (an_entry("  audience: all"), "a.yaml:6: unknown audience 'all': write everyone, channel:C… or group:S…"),
        (an_entry("  audience: [everyone, 'group:S1']"), "a.yaml:6: everyone beside others makes no sense"),
        (an_entry("  source_url: intranet/hr"), "a.yaml:6: 'intranet/hr' is no address: write https://…"),
        (an_entry("  source_url: 'javascript:alert(1)'"), "a.yaml:6: 'javascript:alert(1)' is no address"),
        (an_entry("  source_url: 'https://[x'"), "a.yaml:6: 'https://[x' is no address"),
        (an_entry(question="x" * 401), "a.yaml:4: 'xxxxxxxxxxxxxxxxxxxx'… has 401 characters, 400 are the most"),
        (an_entry(answer="x" * 10_001), "a.yaml:5: the answer has 10,001 characters, 10,000 are the most"),
        (an_entry(id="a/b"), "a.yaml:2: 'a/b' is no id: letters, digits,"),
        (an_entry(id="x" * 65), "is no id"),
        (an_entry(id="''"), "a.yaml:2: there is no id: give the entry one that stays"),
        ("", "a.yaml:1: there is nothing in it"),
        ("- id: a", "a.yaml:1: the file does not begin with `entries:`"),
        ("entries:\n  id: a", "a.yaml:1: `entries` is a list: begin each entry with `- id: …`"),
        ("entries:\n- a", "a.yaml:2: is no entry: write `- id: …`"),
        ("entry:\n- id: a", "a.yaml:1: unknown key 'entry': the file has one, `entries`"),
        ("entries:\n- id: 'a\n  lang: en", "is no valid YAML"),
        ("entries:\n- id: a\n\tlang: en", "a.yaml:3: is no valid YAML"),
        ("entries:\n- id: a\n--- \nentries: []", "is no valid YAML"),
        ("entries:\n- id: a\x07", "a.yaml:2: is no valid YAML: a character that it forbids"),
        ("entries:\n- *unknown", "a.yaml:2: is no valid YAML"),
        ("entries:\n- ? [a]\n  : b", "a.yaml:2: a key is a word"),
    ],
)
def test_a_mistake_in_yaml_is_named_with_its_line(write: Write, text: str, complaint: str) -> None:
    found = complaints(write("a.yaml", text))

    assert any(complaint in line for line in found), found


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("", "a.csv:1: there is nothing in it"),
        ("pto,How many days?,20", "a.csv:1: the first row has to name the columns: id, lang"),
        ("id,lang,question,answer,colour\na,en,q,a,red", "a.csv:2: unknown key 'colour'"),
        ("id,lang,question,answer,lang\na,en,q,a,en", "a.csv:1: the column lang stands twice"),
        ("id,lang,question,answer\na,en,q,a\nb,en,q,a, and more", "a.csv:3: the row has 5 cells for 4 columns"),
        ('id,lang,question,answer\na,en,q,"a\nb"\nb,de,q,a', "a.csv:4: unknown language 'de'"),
        ('id,lang,question,answer\na,en,q,"a\nb,en,q,a', "a.csv:2: the row that begins here is no valid CSV"),
        ('id,lang,question,answer\na,en,q,"a" b', "a.csv:2: the row that begins here is no valid CSV"),
        ("id,lang,question,answer\n,en,q,a", "a.csv:2: there is no id"),
        ("id,lang,question,answer\na,en,q", "a.csv:2: there is no answer"),
    ],
)
def test_a_mistake_in_csv_is_named_with_its_row(write: Write, text: str, complaint: str) -> None:
    found = complaints(write("a.csv", text))

    assert any(complaint in line for line in found), found


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("# How?\n\nSo.", "a.md:1: the file does not begin with its keys"),
        ("---\nid: a\nno end", "a.md:1: the file does not begin with its keys"),
        ("---\n---\nSo.", "a.md:2: there is nothing in it"),
        ("---\n- a\n---\nSo.", "a.md:2: between the lines of `---` stand keys"),
        ("---\nid: a\nlang: en\nquestion: q\nanswer: a\n---\nSo.", "a.md:5: the answer stands below"),
        ("---\nid: a\nlang: nl\nquestion: q\n---\nSo.", "a.md:3: unknown language 'nl'"),
        ("---\nid: a\nlang: en\nquestion: q\n---\n\n", "a.md:6: there is no answer"),
        ("---\nid: a\nlang: 'en\n---\n", "a.md:"),
    ],
)
def test_a_mistake_in_markdown_is_named_with_its_line(write: Write, text: str, complaint: str) -> None:
    found = complaints(write("a.md", text))

    assert any(complaint in line for line in found), found


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        ("entries:\n- id: 年假".encode("gb18030"), "a.yaml:2: is not in UTF-8: save it as UTF-8"),
        ("entries:".encode("utf-16"), "a.yaml:1: is in UTF-16: save it as UTF-8"),
        (b"entries:\n\n\x00", "a.yaml:3: is no text file"),
        (b"#" * (1 << 20), "there is nothing in it"),
    ],
)
def test_what_cannot_be_read_is_said(write: Write, content: bytes, complaint: str) -> None:
    assert complaint in complaints(write("a.yaml", content))[0]


def test_other_files_are_refused_by_name_and_size(
    write: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert complaints(write("a.xlsx", "PK")) == [
        "a.xlsx:1: what format is it? Its name has to end in .yaml, .yml, .csv, .md"
    ]
    assert "cannot be read (No such file" in complaints(tmp_path / "none.yaml")[0]
    (tmp_path / "empty").mkdir()
    assert "no file in this folder ends in .yaml" in complaints(tmp_path / "empty")[0]
    monkeypatch.setattr("bot.conversation.knowledge.files.text_files.read_text.__defaults__", (3 << 20,))
    assert complaints(write("huge.csv", b"x" * (3 << 20) + b"x")) == ["huge.csv:1: is larger than 3 MB: split it"]


def test_all_mistakes_of_all_files_come_at_once_in_their_order(write: Write) -> None:
    first = write("a.yaml", an_entry("  colour: red", lang="fr", answer=""))
    second = write("b.csv", "id,lang,question,answer\nb,xx,q,a\nb,en,q,a")
    third = write("c.yaml", an_entry(id="b"))

    found = complaints(first, second, third)

    assert [line.split(": ")[0] for line in found] == [
        *("a.yaml:3", "a.yaml:5", "a.yaml:6"),
        *("b.csv:2", "b.csv:3"),
        "c.yaml:2",
    ]
    assert found[-2:] == [
        "b.csv:3: the id b is given twice, first at b.csv:2: change one of them",
        "c.yaml:2: the id b is given twice, first at b.csv:2: change one of them",
    ]


def test_a_bomb_of_aliases_costs_nothing(write: Write) -> None:
    """Each line would be ten times the one before, nine times over."""
    bomb = ["a0: &a0 [x, x]", *(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 10))]

    assert len(complaints(write("a.yaml", "\n".join(bomb)))) == 10


def test_the_contract_of_the_example_is_kept(write: Write) -> None:
    """The keys of docs/knowledge.md, as somebody types them."""
    (entry,) = load_entries([write("a.yaml", an_entry(audience="group:S1", review_by="'2027-06-30'"))])

    assert isinstance(entry, GivenEntry)
    assert entry.text.audience == ("group:S1",)
