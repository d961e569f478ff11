"""What docs/knowledge.md shows can be imported as it stands there."""

import re
from pathlib import Path

import pytest

from bot.conversation.knowledge.files.formats import load_entries
from bot.conversation.knowledge.files.reading import KEYS

PAGE = (Path(__file__).parents[4] / "docs" / "knowledge.md").read_text("utf-8")


@pytest.mark.parametrize(("fence", "name"), [("yaml", "a.yaml"), ("csv", "a.csv"), ("markdown", "a.md")])
def test_the_examples_can_be_imported(fence: str, name: str, tmp_path: Path) -> None:
    (example,) = re.findall(rf"^```{fence}\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)
    (tmp_path / name).write_text(example, "utf-8")

    (entry,) = load_entries([tmp_path / name])

    assert len(entry.text.variants) == 3
    assert entry.text.owner


def test_every_key_is_explained_in_order() -> None:
    assert tuple(re.findall(r"^\| `(\w+)` \|", PAGE, re.MULTILINE)) == KEYS
