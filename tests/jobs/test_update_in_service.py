"""The update among the other parts of a service: it starts with it, and people are answered before and after."""

from pathlib import Path
from typing import Any

import pytest

from bot.errors import SettingsWrong
from bot.service import open_service
from bot.settings import Settings
from inference.models import fetch, load_active, use_model
from tests.clock import START, ManualClock
from tests.inference.hub_double import HubDouble
from tests.jobs.conftest import ID


def settings(folder: Path, model: str, **update: Any) -> Settings:
    return Settings.model_validate(
        {
            "service": {"data_dir": folder, "port": 0},
            "web": {"enabled": True},
            "inference": {
                "engine": "scripted",
                "model": model,
                "max_new_tokens": 64,
                "scripted": {"words": 3, "words_per_second": 0},
            },
            "jobs": {"model_update": {"enabled": True, "begins": "08:30", **update}},
        }
    )


@pytest.mark.parametrize("switch", ["beside", "alone"])
async def test_the_service_takes_a_newer_model(
    hub: HubDouble, tmp_path: Path, in_this_process: None, switch: str
) -> None:
    fetch(ID, tmp_path / "models", progress=False)
    use_model(ID, tmp_path / "models", START)
    hub.repositories[ID, "master"] = hub.repositories[ID, "master"] | {"LICENSE": b"A newer licence"}

    async with open_service(settings(tmp_path, "active", switch=switch), ManualClock()) as service:
        (update,) = (job for job in service.jobs if job.name == "model_update")
        await update.run()

    active = load_active(tmp_path / "models")
    assert active is not None
    assert active.name.startswith(f"{ID}@files-")


async def test_a_model_that_the_settings_name_stops_the_start(tmp_path: Path) -> None:
    with pytest.raises(SettingsWrong, match=r"model_update.*active"):
        async with open_service(settings(tmp_path, "smollm2-135m-instruct"), ManualClock()):
            pass
