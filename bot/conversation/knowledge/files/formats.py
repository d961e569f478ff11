"""Files of entries, whichever their format: read all together or not at all, and written."""

from collections.abc import Callable, Iterable, Sequence
from enum import StrEnum
from pathlib import Path

from bot.conversation.knowledge.files.csv_file import parse_csv, write_csv
from bot.conversation.knowledge.files.markdown_file import parse_markdown, write_markdown
from bot.conversation.knowledge.files.raw_entry import RawEntry
from bot.conversation.knowledge.files.reading import Problems, ReadEntry, read_entry, repeated
from bot.conversation.knowledge.files.text_files import read_text
from bot.conversation.knowledge.files.yaml_file import parse_yaml, write_yaml
from bot.errors import FileProblem, FilesRefused
from storage.knowledge.records import EVERYONE, Entry, EntryStatus, GivenEntry


class Format(StrEnum):
    YAML = "yaml"
    CSV = "csv"
    MARKDOWN = "markdown"


ENDINGS = {".yaml": Format.YAML, ".yml": Format.YAML, ".csv": Format.CSV, ".md": Format.MARKDOWN}
_PARSERS: dict[Format, Callable[[str, Problems], list[RawEntry]]] = {
    Format.YAML: parse_yaml,
    Format.CSV: parse_csv,
    Format.MARKDOWN: parse_markdown,
}


def load_entries(paths: Sequence[Path]) -> list[GivenEntry]:
    """The entries of all the files, in order; a folder stands for the files in it. Blocks.

    Raises: FilesRefused, with every mistake of every file.
    """
    entries: list[tuple[str, ReadEntry]] = []
    problems: list[FileProblem] = []
    for path in _files(paths, problems):
        found = Problems(str(path))
        entries += [(str(path), entry) for entry in _read_file(path, found)]
        problems += found.found
    problems += repeated(entries)
    if problems:
        raise FilesRefused(problems)
    return [entry.given for _, entry in entries]


def _files(paths: Sequence[Path], problems: list[FileProblem]) -> list[Path]:
    files: list[Path] = []
    for path in paths:
        if not path.is_dir():
            files.append(path)
            continue
        inside = sorted(one for one in path.rglob("*") if one.suffix.lower() in ENDINGS and one.is_file())
        if not inside:
            problems.append(FileProblem(str(path), 1, f"no file in this folder ends in {', '.join(ENDINGS)}"))
        files += inside
    return files


def _read_file(path: Path, problems: Problems) -> list[ReadEntry]:
    form = ENDINGS.get(path.suffix.lower())
    if form is None:
        problems.add(1, f"what format is it? Its name has to end in {', '.join(ENDINGS)}")
        return []
    try:
        text = read_text(path)
    except FilesRefused as error:
        problems.found += error.problems
        return []
    return [read_entry(raw, problems) for raw in _PARSERS[form](text, problems)]


def write_file(entries: Iterable[Entry], form: Format) -> str:
    """All entries in one file, of YAML or CSV."""
    write = write_csv if form is Format.CSV else write_yaml
    return write(_record(entry) for entry in entries)


def write_entry(entry: Entry) -> str:
    """One entry in Markdown."""
    return write_markdown(_record(entry))


def _record(entry: Entry) -> dict[str, str | list[str]]:
    """By the keys of the files, in their order. What is as it would be anyway is left out."""
    text = entry.text
    fields: dict[str, str | list[str]] = {
        "id": entry.entry_id,
        "lang": text.lang,
        "question": text.question,
        "variants": list(text.variants),
        "answer": text.answer,
        "owner": text.owner,
        "audience": EVERYONE if text.audience == (EVERYONE,) else list(text.audience),
        "source_url": text.source_url,
        "verified_at": text.verified_at.isoformat() if text.verified_at else "",
        "review_by": text.review_by.isoformat() if text.review_by else "",
        "status": "" if entry.status is EntryStatus.PUBLISHED else entry.status.value,
    }
    return {key: value for key, value in fields.items() if value}
