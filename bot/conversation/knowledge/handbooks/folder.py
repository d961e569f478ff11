"""A folder of documents, read whole before anything of it is used."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path, PurePosixPath
from urllib.parse import quote

import yaml

from bot.conversation.characters import strip_invisible
from bot.conversation.knowledge.files.markdown_file import split_front_matter
from bot.conversation.knowledge.files.raw_entry import Written
from bot.conversation.knowledge.files.reading import Problems
from bot.conversation.knowledge.files.text_files import read_text
from bot.conversation.knowledge.files.yaml_file import compose, parse_mapping
from bot.conversation.knowledge.handbooks.splitting import Piece, split_markdown, split_plain
from bot.errors import FileProblem, FilesRefused
from storage.knowledge.records import EVERYONE, GivenDocument, Passage

MOST_BYTES = 8 << 20
MARKDOWN = frozenset({".md", ".markdown"})
ENDINGS = MARKDOWN | {".txt"}
ID_DIGITS = 24
_CHINESE = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff]")
_LATIN = re.compile(r"[A-Za-z]+")


@dataclass(frozen=True, slots=True)
class Handbook:
    """A folder and how it is taken over.

    `name`: what its documents' names begin with. `audiences`: who may see what stands in a folder below, by its path
    relative to `folder`; the nearest one counts, and what is in none is for everyone. `base_url`: where the same files
    can be read, "" when nowhere.
    """

    folder: Path
    name: str
    audiences: Mapping[PurePosixPath, tuple[str, ...]] = field(default_factory=dict)
    base_url: str = ""

    def audience_of(self, path: PurePosixPath) -> tuple[str, ...] | None:
        """None: nobody has said."""
        return next((self.audiences[parent] for parent in path.parents if parent in self.audiences), None)


def load_documents(handbook: Handbook) -> list[GivenDocument]:
    """By name. Hidden files and other formats are passed over. Blocks. Raises: FilesRefused."""
    documents: list[GivenDocument] = []
    problems: list[FileProblem] = []
    for path in _files(handbook.folder):
        try:
            text = strip_invisible(read_text(path, MOST_BYTES))
        except FilesRefused as error:
            problems += error.problems
            continue
        documents.append(_document(handbook, path, text))
    if problems:
        raise FilesRefused(problems)
    return documents


def _files(folder: Path) -> Iterator[Path]:
    for path in sorted(folder.rglob("*")):
        is_hidden = any(part.startswith(".") for part in path.relative_to(folder).parts)
        if path.suffix.lower() in ENDINGS and not is_hidden and path.is_file():
            yield path


def _document(handbook: Handbook, path: Path, text: str) -> GivenDocument:
    relative = PurePosixPath(path.relative_to(handbook.folder).as_posix())
    name = f"{handbook.name}/{relative}"
    audience = handbook.audience_of(relative) or (EVERYONE,)
    address = f"{handbook.base_url.rstrip('/')}/{quote(str(relative))}" if handbook.base_url else ""
    pieces = _split_markdown(text) if path.suffix.lower() in MARKDOWN else split_plain(text)
    passages = tuple(
        Passage(
            passage_id=passage_id,
            document=name,
            heading_path=piece.heading_path,
            text=piece.text,
            lang=_language(piece.text),
            audience=audience,
            source_url=address,
        )
        for passage_id, piece in _identified(name, pieces)
    )
    return GivenDocument(name=name, text=text, passages=passages, audience=audience, source_url=address)


def _split_markdown(text: str) -> list[Piece]:
    keys, body, _ = split_front_matter(text)
    return split_markdown(body, "" if keys is None else _title(keys))


def _title(keys: str) -> str:
    """As other programs write it above a document; what else stands there is theirs, and need not even be YAML."""
    problems = Problems("")
    root = compose(keys, problems)
    title = parse_mapping(root, problems).get("title") if isinstance(root, yaml.MappingNode) else None
    return " ".join(title.text.split()) if isinstance(title, Written) else ""


def _identified(document: str, pieces: list[Piece]) -> Iterator[tuple[str, Piece]]:
    """The same words under the same headings of the same document have the same id; a repetition has its own."""
    seen: dict[Piece, int] = {}
    for piece in pieces:
        seen[piece] = seen.get(piece, 0) + 1
        content = json.dumps([document, piece.heading_path, piece.text, seen[piece]])
        yield sha256(content.encode()).hexdigest()[:ID_DIGITS], piece


def _language(text: str) -> str:
    """By what there is more of: Chinese characters, or words of letters."""
    return "zh" if len(_CHINESE.findall(text)) > len(_LATIN.findall(text)) else "en"
