"""`inthread faq eval`, `inthread faq encode`: the real encoder on a small FAQ of our own."""

import json
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner

from bot.cli import main
from tests.cli.conftest import Run, the_line

FAQ = Path(__file__).parent.parent / "eval" / "faq.yaml"
QUESTIONS = [
    {"text": "i lost my badge yesterday", "lang": "en", "entry": "badge_lost"},
    {"text": "when is the summer party", "lang": "en", "entry": None, "near": True},
    {"text": "who won the world cup in 2018", "lang": "en", "entry": None},
    {"text": "我的工牌不见了", "lang": "zh", "entry": "badge_zh"},
]


@pytest.fixture
def questions(folder: Path) -> Path:
    file = folder / "questions.jsonl"
    file.write_text("\n".join(json.dumps(question, ensure_ascii=False) for question in QUESTIONS), "utf-8")
    return file


@pytest.fixture(scope="module")
def encoded(migrated_file: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The FAQ in a database, with its vectors: encoding takes seconds."""
    data = tmp_path_factory.mktemp("encoded")
    shutil.copy(migrated_file, data / "inthread.db")
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("INTHREAD_SERVICE__DATA_DIR", str(data))
        assert CliRunner().invoke(main, ["faq", "import", str(FAQ)]).exit_code == 0
        assert CliRunner().invoke(main, ["faq", "encode"]).stdout.endswith(" texts encoded\n")
    return data / "inthread.db"


@pytest.fixture
def imported(encoded: Path, database_file: Path) -> None:
    for file in ("inthread.db", "audit-keys.db", "audit-master.key"):
        shutil.copy(encoded.with_name(file), database_file.with_name(file))


def test_every_question_in_its_line_in_order(run: Run, imported: None, questions: Path) -> None:
    lines = [json.loads(line) for line in run("faq", "eval", str(questions), "--json").stdout.splitlines()]

    assert [line["text"] for line in lines] == [question["text"] for question in QUESTIONS]
    assert [line["outcome"] for line in lines] == ["direct", "none", "none", "direct"]
    assert lines[0]["entries"][0] == "badge_lost"
    assert lines[3]["entries"][0] == "badge_zh"
    assert all(set(line) == {"text", "outcome", "entries", "score"} for line in lines)
    assert lines[0]["score"] > 0.7 > lines[2]["score"]


def test_the_same_twice(run: Run, imported: None, questions: Path) -> None:
    once, twice = (run("faq", "eval", str(questions), "--json").stdout for _ in range(2))

    assert once == twice


def test_figures_by_language(run: Run, imported: None, questions: Path) -> None:
    head, *rows = run("faq", "eval", str(questions)).stdout.splitlines()

    figures = {row[:30].strip(): row[30:].split() for row in rows}
    assert head.split() == ["en", "zh"]
    assert figures["questions"] == ["3", "1"]
    assert figures["recall@1"] == ["1.000", "1.000"]
    assert figures["answered though near only"] == ["0.000", "–"]


def test_without_an_encoder_nothing_is_answered_directly(
    run: Run, imported: None, questions: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("INTHREAD_ANSWERS__ENCODER__MODEL", "none")

    lines = [json.loads(line) for line in run("faq", "eval", str(questions), "--json").stdout.splitlines()]

    assert lines[0]["outcome"] == "suggest"
    assert lines[0]["entries"][0] == "badge_lost"
    assert "direct" not in [line["outcome"] for line in lines]


def test_where_nothing_is_known_nothing_is_shown(run: Run, database_file: Path, questions: Path) -> None:
    lines = [json.loads(line) for line in run("faq", "eval", str(questions), "--json").stdout.splitlines()]

    assert [(line["outcome"], line["entries"]) for line in lines] == [("none", [])] * len(QUESTIONS)


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("{text", "is no JSON"),
        ('{"lang": "en"}', "has no text"),
        ('["a"]', "has no text"),
        ('{"text": "a", "entry": 7}', "are texts, or null"),
    ],
)
def test_a_mistake_is_named_by_file_and_line(
    run: Run, database_file: Path, questions: Path, line: str, says: str
) -> None:
    questions.write_text(f'{{"text": "first"}}\n\n{line}\n', "utf-8")

    result = run("faq", "eval", str(questions))

    assert result.exit_code == 1
    assert f"{questions}:3: " in the_line(result)
    assert says in the_line(result)


def test_without_a_question_it_says_so(run: Run, database_file: Path, questions: Path) -> None:
    questions.write_text("\n", "utf-8")

    result = run("faq", "eval", str(questions))

    assert result.exit_code == 1
    assert "has no questions" in the_line(result)


def test_without_a_database_it_says_so(run: Run, questions: Path) -> None:
    result = run("faq", "eval", str(questions))

    assert result.exit_code == 1
    assert "inthread" in the_line(result)


def test_what_is_encoded_is_not_encoded_again(run: Run, imported: None) -> None:
    assert run("faq", "encode").stdout.startswith("nothing to do")
