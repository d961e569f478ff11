"""Full-text search, as SQLite has it (FTS5). On PostgreSQL the same four functions would be written over `tsvector`.

The words are made by `storage.knowledge.words`; the index splits them at spaces and knows English endings. It keeps no
texts, only numbers of rows. Who may see a row stands in the index too, so that what is hidden is never ranked.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from hashlib import sha256

from sqlalchemy import Connection, text

from storage.knowledge.words import words_of

MOST_WORDS = 64  # of a query: each costs, and no question has more that matter


@dataclass(frozen=True, slots=True)
class Index:
    """`columns`: those with words; revisions made the table with them and with `audience`."""

    table: str
    columns: tuple[str, str]


ENTRIES = Index("entry_words", ("asked", "answer"))
PASSAGES = Index("passage_words", ("headings", "text"))


@dataclass(frozen=True, slots=True)
class Indexed:
    """A row to be found: the texts of the index's two columns, and who may see it."""

    number: int
    texts: tuple[str, str]
    audience: tuple[str, ...]


def put(connection: Connection, index: Index, rows: Iterable[Indexed]) -> None:
    """Whatever was indexed under the same numbers is replaced."""
    first, second = index.columns
    statement = f"INSERT OR REPLACE INTO {index.table} (rowid, {first}, {second}, audience) VALUES (:n, :a, :b, :who)"
    values = [
        {"n": row.number, "a": _joined(row.texts[0]), "b": _joined(row.texts[1]), "who": _labels(row.audience, " ")}
        for row in rows
    ]
    if values:
        connection.execute(text(statement), values)


def remove(connection: Connection, index: Index, numbers: Iterable[int]) -> None:
    values = [{"n": number} for number in numbers]
    if values:
        connection.execute(text(f"DELETE FROM {index.table} WHERE rowid = :n"), values)


def search(
    connection: Connection, index: Index, words: Sequence[str], audience: Collection[str], limit: int
) -> list[tuple[int, float]]:
    """The rows that have any of the words and that one of `audience` may see: (number, BM25 score), best first.

    Scores are positive, higher is better, and comparable within one call alone.
    """
    asked = list(dict.fromkeys(words))[:MOST_WORDS]
    if not asked or not audience:
        return []
    query = f"{{{' '.join(index.columns)}}} : ({_any_of(asked)}) AND audience : ({_labels(audience, ' OR ')})"
    rows = connection.execute(
        text(
            f"SELECT rowid, bm25({index.table}, 1.0, 1.0, 0.0) AS cost FROM {index.table} "
            f"WHERE {index.table} MATCH :query ORDER BY cost, rowid LIMIT :limit"
        ),
        {"query": query, "limit": limit},
    )
    return [(row.rowid, -row.cost) for row in rows]


def _joined(words: str) -> str:
    return " ".join(words_of(words))


def _any_of(words: Sequence[str]) -> str:
    return " OR ".join('"' + word.replace('"', '""') + '"' for word in words)


def _labels(audience: Collection[str], between: str) -> str:
    """Each as a number of its own: the index would take `group:S1` and `group:s1` for the same word."""
    return between.join(str(int.from_bytes(sha256(one.encode()).digest()[:8])) for one in sorted(audience))
