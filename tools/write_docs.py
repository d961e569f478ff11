"""Writes the pages of docs/ that are made from the code. `make docs`."""

from pathlib import Path

from bot.settings_reference import settings_reference


def main() -> None:
    path = Path(__file__).parent.parent / "docs" / "settings.md"
    path.write_text(settings_reference(), "utf-8")
    print(path.name)


if __name__ == "__main__":
    main()
