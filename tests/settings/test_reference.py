"""The settings reference cannot rot."""

from pathlib import Path

from bot.settings import FROM_ENVIRONMENT_ONLY, Settings
from bot.settings_reference import settings_reference

ROOT = Path(__file__).parents[2]


def test_the_page_is_what_the_code_says() -> None:
    assert (ROOT / "docs" / "settings.md").read_text("utf-8") == settings_reference(), "run `make docs`"


def test_every_setting_has_a_description() -> None:
    undescribed = [
        f"[{table}] {key}"
        for table, field in Settings.model_fields.items()
        for key, setting in field.annotation.model_fields.items()
        if not setting.description and (table, key) not in FROM_ENVIRONMENT_ONLY
    ]
    assert undescribed == []
