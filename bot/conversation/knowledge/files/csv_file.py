"""Entries in CSV, as spreadsheets read and write it: a row of keys, then a row for each entry.

Cells that a spreadsheet would take for a formula are written with an apostrophe before them, which is taken off again.
"""

import csv
import io
import re
from collections.abc import Iterable, Iterator, Mapping

from bot.conversation.knowledge.files.raw_entry import RawEntry, Written
from bot.conversation.knowledge.files.reading import KEYS, LISTS, Problems

MOST_IN_A_CELL = 1 << 20
_DELIMITERS = ",;\t"
_BETWEEN = " | "
# Source: OWASP, CSV Injection; with the full-width signs that Chinese and Japanese spreadsheets take for the same.
_FORMULA = re.compile(r"'*[=+\-@\t\r＝＋－＠]")
_ESCAPED = re.compile(r"'+[=+\-@\t\r＝＋－＠]")


def parse_csv(text: str, problems: Problems) -> list[RawEntry]:
    rows = list(_rows(text, problems))
    if not rows:
        if not problems.found:
            problems.add(1, "there is nothing in it")
        return []
    (line, header), *entries = rows
    names = [name.strip().casefold() for name in header]
    _check_header(names, line, problems)
    return [_parse_row(names, row, line, problems) for line, row in entries]


def _rows(text: str, problems: Problems) -> Iterator[tuple[int, list[str]]]:
    """(line on which it begins, cells) of rows that are not blank."""
    csv.field_size_limit(MOST_IN_A_CELL)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter(text), strict=True)
    while True:
        line = reader.line_num + 1
        try:
            row = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            problems.add(line, f"the row that begins here is no valid CSV: {error}")
            return
        if any(cell.strip() for cell in row):
            yield line, row


def _delimiter(text: str) -> str:
    """The one that makes the most of the first line known: spreadsheets take `;` where the comma is a decimal sign."""
    first = text.split("\n", 1)[0].casefold()

    def known(delimiter: str) -> int:
        return sum(name.strip().strip('"') in KEYS for name in first.split(delimiter))

    return max(_DELIMITERS, key=known)


def _check_header(names: list[str], line: int, problems: Problems) -> None:
    if "id" not in names:
        problems.add(line, f"the first row has to name the columns: {', '.join(KEYS)}")
        return
    for name in dict.fromkeys(name for name in names if name and names.count(name) > 1):
        problems.add(line, f"the column {name[:80]} stands twice")


def _parse_row(names: list[str], row: list[str], line: int, problems: Problems) -> RawEntry:
    if any(cell.strip() for cell in row[len(names) :]):
        problems.add(line, f"the row has {len(row)} cells for {len(names)} columns: text with a comma stands in quotes")
    cells = {name: _read_cell(cell) for name, cell in zip(names, row, strict=False) if cell.strip()}
    return RawEntry(line, {name: _field(name, cell, line) for name, cell in cells.items()})


def _read_cell(cell: str) -> str:
    return cell[1:] if _ESCAPED.match(cell) else cell


def _field(name: str, cell: str, line: int) -> Written | tuple[Written, ...]:
    if name not in LISTS:
        return Written(cell, line)
    items = cell.split("\n") if "\n" in cell else cell.split(_BETWEEN)
    return tuple(Written(item, line) for item in items if item.strip())


def write_csv(records: Iterable[Mapping[str, str | list[str]]]) -> str:
    """With a byte order mark, without which Excel takes UTF-8 for something else."""
    file = io.StringIO(newline="")
    writer = csv.writer(file, lineterminator="\r\n")
    writer.writerow(KEYS)
    for record in records:
        writer.writerow([_write_cell(record.get(key, "")) for key in KEYS])
    return "\ufeff" + file.getvalue()


def _write_cell(value: str | list[str]) -> str:
    cell = value if isinstance(value, str) else _joined(value)
    return f"'{cell}" if _FORMULA.match(cell) else cell


def _joined(items: list[str]) -> str:
    """One in a line. A single one that would be split ends in a newline: what has lines is split there alone."""
    cell = "\n".join(items)
    return f"{cell}\n" if _BETWEEN in cell and "\n" not in cell else cell
