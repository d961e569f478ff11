"""An entry in Markdown: keys in YAML between two lines of `---`, and below them the answer."""

from collections.abc import Mapping
from typing import NamedTuple

import yaml

from bot.conversation.knowledge.files.raw_entry import RawEntry, Written
from bot.conversation.knowledge.files.reading import Problems
from bot.conversation.knowledge.files.yaml_file import compose, dump, parse_mapping

FENCE = "---"


class FrontMatter(NamedTuple):
    """`body_line`: the line on which the body begins, from 1. Without front matter `keys` is None."""

    keys: str | None
    body: str
    body_line: int


def split_front_matter(text: str) -> FrontMatter:
    lines = text.split("\n")
    if lines[0].rstrip() != FENCE:
        return FrontMatter(None, text, 1)
    for number, line in enumerate(lines[1:], start=1):
        if line.rstrip() == FENCE:
            return FrontMatter("\n".join(lines[1:number]), "\n".join(lines[number + 1 :]), number + 2)
    return FrontMatter(None, text, 1)


def parse_markdown(text: str, problems: Problems) -> list[RawEntry]:
    keys, body, body_line = split_front_matter(text)
    if keys is None:
        problems.add(1, "the file does not begin with its keys, between two lines of `---`")
        return []
    root = compose(keys, problems, first_line=2)
    if root is None:
        return []
    if not isinstance(root, yaml.MappingNode):
        problems.add(2, "between the lines of `---` stand keys: `id: …`, `question: …`")
        return []
    fields = parse_mapping(root, problems)
    if "answer" in fields:
        problems.add(RawEntry(2, fields).line_of("answer"), "the answer stands below the second `---`, not above")
    return [RawEntry(1, {**fields, "answer": Written(body, body_line)})]


def write_markdown(record: Mapping[str, str | list[str]]) -> str:
    keys = {key: value for key, value in record.items() if key != "answer"}
    return f"{FENCE}\n{dump(keys)}{FENCE}\n\n{record['answer']}\n"
