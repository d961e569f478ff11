"""SQL and templates that are put into words once for all tests of a process: else each test does it anew for itself.

What is kept is the words alone: nothing of a database, of its rows or of a page.
"""

from typing import Any

from jinja2 import BytecodeCache
from jinja2.bccache import Bucket
from sqlalchemy import Engine, create_engine
from sqlalchemy.engine import Dialect
from sqlalchemy.util import LRUCache

_compiled: LRUCache[Any, Any] = LRUCache(2_000)  # not a dict: a traceback with local variables would print all of it
_dialects: dict[type[Dialect], Dialect] = {}


def create_alike(*arguments: Any, **options: Any) -> Engine:
    """As SQLAlchemy's function, which keeps statements for one engine and its dialect."""
    engine = create_engine(*arguments, **options)
    engine.dialect = _dialects.setdefault(type(engine.dialect), engine.dialect)
    engine.update_execution_options(compiled_cache=_compiled)
    return engine


class Templates(BytecodeCache):
    def __init__(self) -> None:
        self._kept: dict[str, bytes] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        if bucket.key in self._kept:
            bucket.bytecode_from_string(self._kept[bucket.key])

    def dump_bytecode(self, bucket: Bucket) -> None:
        self._kept[bucket.key] = bucket.bytecode_to_string()
