"""An entry as it stands in a file, before anybody knows whether it is one: texts, each with its line."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Written:
    """Words in a file. `line` counts from 1."""

    text: str
    line: int


@dataclass(frozen=True, slots=True)
class RawEntry:
    """`fields`: by the name that stands in the file; a list where the file has a list."""

    line: int
    fields: Mapping[str, Written | tuple[Written, ...]]

    def line_of(self, name: str, item: int = 0) -> int:
        """Where the field stands; the entry itself when it is not there."""
        match self.fields.get(name):
            case Written(line=line):
                return line
            case tuple(items) if item < len(items):
                return items[item].line
        return self.line
