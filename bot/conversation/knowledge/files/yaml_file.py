"""Entries in YAML: `entries:` and a list of mappings. The parser's nodes know their lines; values stay text.

So `review_by: 2027-06-30` and `review_by: '2027-06-30'` are the same, and nobody's `no` becomes False.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import yaml

from bot.conversation.knowledge.files.raw_entry import RawEntry, Written
from bot.conversation.knowledge.files.reading import Problems

# The C parser reads 100,000 entries in seconds, the other in minutes. Both make nodes alone, never objects.
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_DUMPER = getattr(yaml, "CSafeDumper", yaml.SafeDumper)
_NULL = "tag:yaml.org,2002:null"


def parse_yaml(text: str, problems: Problems) -> list[RawEntry]:
    root = compose(text, problems)
    if root is None:
        return []
    if not isinstance(root, yaml.MappingNode):
        problems.add(_line(root), "the file does not begin with `entries:`")
        return []
    raw: list[RawEntry] = []
    for key, node in _pairs(root, problems):
        if key.text != "entries":
            problems.add(key.line, f"unknown key {key.text[:80]!r}: the file has one, `entries`")
        elif not isinstance(node, yaml.SequenceNode):
            problems.add(key.line, "`entries` is a list: begin each entry with `- id: …`")
        else:
            raw += [entry for item in node.value if (entry := _parse_entry(item, problems))]
    return raw


def compose(text: str, problems: Problems, first_line: int = 1) -> yaml.Node | None:
    """The root, its lines counted from `first_line`; None when there is nothing, or when it is no YAML."""
    try:
        root = yaml.compose("\n" * (first_line - 1) + text, Loader=_LOADER)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        says = " ".join(part for part in (error.context, error.problem) if part)
        problems.add(mark.line + 1 if mark else first_line, f"is no valid YAML: {says}")
        return None
    except yaml.reader.ReaderError as error:
        problems.add(text.count("\n", 0, error.position) + first_line, "is no valid YAML: a character that it forbids")
        return None
    if root is None:
        problems.add(first_line, "there is nothing in it")
    return root


def parse_mapping(node: yaml.MappingNode, problems: Problems) -> dict[str, Written | tuple[Written, ...]]:
    """Fields by name; a key without a value has an empty text."""
    fields = {}
    for key, value in _pairs(node, problems):
        if (content := _content(key, value, problems)) is not None:
            fields[key.text] = content
    return fields


def _parse_entry(node: yaml.Node, problems: Problems) -> RawEntry | None:
    if not isinstance(node, yaml.MappingNode):
        problems.add(_line(node), "is no entry: write `- id: …` and its other keys below")
        return None
    return RawEntry(_line(node), parse_mapping(node, problems))


def _pairs(node: yaml.MappingNode, problems: Problems) -> Iterator[tuple[Written, yaml.Node]]:
    seen: dict[str, int] = {}
    for key_node, value in node.value:
        if not isinstance(key_node, yaml.ScalarNode):
            problems.add(_line(key_node), "a key is a word")
            continue
        key = Written(key_node.value, _line(key_node))
        if key.text in seen:
            problems.add(key.line, f"`{key.text[:80]}` stands twice, first on line {seen[key.text]}")
            continue
        seen[key.text] = key.line
        yield key, value


def _content(key: Written, node: yaml.Node, problems: Problems) -> Written | tuple[Written, ...] | None:
    if isinstance(node, yaml.ScalarNode):
        return Written(_text(node), key.line)
    if isinstance(node, yaml.SequenceNode) and all(isinstance(item, yaml.ScalarNode) for item in node.value):
        return tuple(Written(_text(item), _line(item)) for item in node.value)
    problems.add(key.line, f"{key.text[:80]} holds texts, no mappings (a text with `: ` in it stands in quotes)")
    return None


def _text(node: yaml.ScalarNode) -> str:
    return "" if node.tag == _NULL else str(node.value)


def _line(node: yaml.Node) -> int:
    return int(node.start_mark.line) + 1


class _Dumper(_DUMPER):  # type: ignore[misc,valid-type]
    """Long answers as blocks, as a person would write them."""


def _represent_text(dumper: Any, text: str) -> yaml.Node:
    style = "|" if "\n" in text else None
    node: yaml.Node = dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)
    return node


_Dumper.add_representer(str, _represent_text)


def write_yaml(records: Iterable[Mapping[str, str | list[str]]]) -> str:
    return dump({"entries": [dict(record) for record in records]})


def dump(value: object) -> str:
    text: str = yaml.dump(value, Dumper=_Dumper, allow_unicode=True, sort_keys=False, width=120)
    return text
