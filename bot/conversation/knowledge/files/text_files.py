"""A file as text, or one sentence why it is none."""

import codecs
from pathlib import Path

from bot.errors import FileProblem, FilesRefused

MOST_BYTES = 64 << 20
_WIDE = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


def read_text(path: Path, most_bytes: int = MOST_BYTES) -> str:
    """The text, without a byte order mark, lines ended by newlines. Blocks. Raises: FilesRefused."""
    try:
        with path.open("rb") as file:
            content = file.read(most_bytes + 1)
    except OSError as error:
        raise _refused(path, 1, f"cannot be read ({error.strerror})") from None
    if len(content) > most_bytes:
        raise _refused(path, 1, f"is larger than {most_bytes >> 20} MB: split it")
    return _decode(path, content)


def _decode(path: Path, content: bytes) -> str:
    if content.startswith(_WIDE):
        raise _refused(path, 1, "is in UTF-16: save it as UTF-8")
    if b"\0" in content:
        raise _refused(path, _line_of(content, content.index(b"\0")), "is no text file")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        says = "is not in UTF-8: save it as UTF-8 (in Excel: “CSV UTF-8”)"
        raise _refused(path, _line_of(content, error.start), says) from None
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _line_of(content: bytes, position: int) -> int:
    return content.count(b"\n", 0, position) + 1


def _refused(path: Path, line: int, says: str) -> FilesRefused:
    return FilesRefused([FileProblem(str(path), line, says)])
