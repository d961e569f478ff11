"""How often knowledge has changed: whoever keeps an index of it compares this number with the one it was made at."""

from sqlalchemy import Connection, select

from storage.dialect import insert
from storage.knowledge.tables import KnowledgeRow

_ONLY = 1


def generation(connection: Connection) -> int:
    """0 while nothing was ever written."""
    return connection.execute(select(KnowledgeRow.generation)).scalar() or 0


def advance(connection: Connection) -> None:
    """In the transaction that changes something."""
    connection.execute(
        insert(KnowledgeRow)
        .values(knowledge_id=_ONLY, generation=1)
        .on_conflict_do_update(
            index_elements=[KnowledgeRow.knowledge_id], set_={"generation": KnowledgeRow.generation + 1}
        )
    )
