"""One office for the tests that only use it."""

from collections.abc import AsyncIterator, Iterator
from functools import partial

import pytest
from jinja2 import Environment

from storage.database import Database
from tests.admin.office import Office, an_office
from tests.clock import ManualClock
from tests.made_once import Templates


@pytest.fixture(scope="session", autouse=True)
def _templates_are_made_once() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("bot.admin.rendering.Environment", partial(Environment, bytecode_cache=Templates()))
        yield


@pytest.fixture
async def office(database: Database, clock: ManualClock) -> AsyncIterator[Office]:
    async with an_office(database, clock) as opened:
        yield opened
