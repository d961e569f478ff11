"""One office for the tests that only use it."""

from collections.abc import AsyncIterator

import pytest

from storage.database import Database
from tests.admin.office import Office, an_office
from tests.clock import ManualClock


@pytest.fixture
async def office(database: Database, clock: ManualClock) -> AsyncIterator[Office]:
    async with an_office(database, clock) as opened:
        yield opened
