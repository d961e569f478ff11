"""Writes the pages of docs/ that are made from the code. `make docs`."""

from pathlib import Path

from bot.metrics_reference import metrics_reference
from bot.settings_reference import settings_reference

DOCS = Path(__file__).parent.parent / "docs"
PAGES = {"settings.md": settings_reference, "metrics.md": metrics_reference}


def main() -> None:
    for name, write in PAGES.items():
        (DOCS / name).write_text(write(), "utf-8")
        print(name)


if __name__ == "__main__":
    main()
