"""A house for every test here, as for the scenarios."""

from tests.scenarios.conftest import house

__all__ = ["house"]
