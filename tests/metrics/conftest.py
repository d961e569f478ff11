"""A house with a service, and its figures as they are scraped."""

import asyncio
from collections.abc import AsyncIterator, Callable

import aiohttp
import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.scenarios.conftest import house as house
from tests.scenarios.house import SECONDS, House


class Figures:
    """Samples of one scrape. They belong to the process: tests look at what changed between two."""

    def __init__(self, text: str) -> None:
        self.text = text
        self._samples = {
            (sample.name, tuple(sorted(sample.labels.items()))): sample.value
            for family in text_string_to_metric_families(text)
            for sample in family.samples
        }

    def __call__(self, name: str, **labels: str) -> float:
        return self._samples.get((name, tuple(sorted(labels.items()))), 0.0)

    @property
    def names(self) -> set[str]:
        return {name for name, _ in self._samples}


class Scraper:
    def __init__(self, house: House, session: aiohttp.ClientSession) -> None:
        self._house = house
        self._session = session

    async def figures(self) -> Figures:
        return Figures(await self.text("metrics"))

    async def figures_when(self, are_there: Callable[[Figures], bool]) -> Figures:
        """As soon as this is true of them: what is over is counted a moment after it is seen."""
        async with asyncio.timeout(SECONDS):
            while not are_there(figures := await self.figures()):
                pass
        return figures

    async def text(self, path: str) -> str:
        async with self._session.get(f"{self._house.url}/{path}") as response:
            assert response.status == 200
            return await response.text()


@pytest.fixture
async def scraper(house: House) -> AsyncIterator[Scraper]:
    async with aiohttp.ClientSession() as session:
        yield Scraper(house, session)
