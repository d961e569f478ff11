"""Full-text search, as SQLite has it (FTS5). On PostgreSQL the same functions would be written over `tsvector`.

The words are made by `storage.knowledge.words`; the index splits them at spaces and knows English endings. It keeps no
texts, only numbers of rows. Who may see a row stands in the index too, so that what is hidden is never ranked.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256

from sqlalchemy import Connection, text

from storage.knowledge.words import words_of

MOST_WORDS = 64  # of a query: each costs, and no question has more that matter
# Nearly every row has them: they say nothing, and to rank all rows takes a hundred times as long as to rank a few.
SAYING_NOTHING = frozenset(
    "a an and are as at be by can could did do does for from get had has have how i if in is it its me my no not of on "
    "or our she should so than that the their them then there they this to us was we were what when where which who "
    "why will with would you your 的 了 吗 呢 是 在 我 有 么 什么 怎么 怎 们".split()
)


@dataclass(frozen=True, slots=True)
class Index:
    """`columns`: those with words; revisions made the table with them and with `audience`."""

    table: str
    columns: tuple[str, str]


ENTRIES = Index("entry_words", ("asked", "answer"))
PASSAGES = Index("passage_words", ("headings", "text"))


@dataclass(frozen=True, slots=True)
class Indexable:
    """A row to be found, as the index takes it: words of its two columns, labels of who may see it."""

    first: str
    second: str
    audience: str


def make_indexable(first: str, second: str, audience: Collection[str]) -> Indexable:
    """From the texts of the index's two columns. Takes most of the time of indexing, and no connection."""
    return Indexable(" ".join(words_of(first)), " ".join(words_of(second)), _labels(audience, " "))


def put(connection: Connection, index: Index, rows: Mapping[int, Indexable]) -> None:
    """By number of the row. Whatever was indexed under the same numbers is replaced."""
    first, second = index.columns
    statement = f"INSERT OR REPLACE INTO {index.table} (rowid, {first}, {second}, audience) VALUES (:n, :a, :b, :who)"
    values = [{"n": number, "a": row.first, "b": row.second, "who": row.audience} for number, row in rows.items()]
    if values:
        connection.execute(text(statement), values)


def remove(connection: Connection, index: Index, numbers: Iterable[int]) -> None:
    values = [{"n": number} for number in numbers]
    if values:
        connection.execute(text(f"DELETE FROM {index.table} WHERE rowid = :n"), values)


def search(
    connection: Connection, index: Index, words: Sequence[str], audience: Collection[str] | None, limit: int
) -> list[tuple[int, float]]:
    """The rows that have any of the words and that one of `audience` may see: (number, BM25 score), best first.

    `audience` None: whoever may see them. Scores are positive, higher is better, comparable within one call alone.
    """
    distinct = list(dict.fromkeys(words))
    asked = [word for word in distinct if word not in SAYING_NOTHING] or distinct
    if not asked or (audience is not None and not audience):
        return []
    query = f"{{{' '.join(index.columns)}}} : ({_any_of(asked[:MOST_WORDS])})"
    if audience is not None:
        query += f" AND audience : ({_labels(audience, ' OR ')})"
    rows = connection.execute(
        text(
            f"SELECT rowid, bm25({index.table}, 1.0, 1.0, 0.0) AS cost FROM {index.table} "
            f"WHERE {index.table} MATCH :query ORDER BY cost, rowid LIMIT :limit"
        ),
        {"query": query, "limit": limit},
    )
    return [(row.rowid, -row.cost) for row in rows]


def _any_of(words: Sequence[str]) -> str:
    return " OR ".join('"' + word.replace('"', '""') + '"' for word in words)


def _labels(audience: Collection[str], between: str) -> str:
    """Each as a number of its own: the index would take `group:S1` and `group:s1` for the same word."""
    return between.join(str(int.from_bytes(sha256(one.encode()).digest()[:8])) for one in sorted(audience))
