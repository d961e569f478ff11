"""A failpoint ends the process where and when it was told to, and is nothing otherwise."""

import pytest
from pydantic import ValidationError

from bot.delivery.failpoints import NAMES, no_failpoint, parse_failpoint
from bot.delivery.settings import DeliverySettings


def deaths(setting: str, *reached: str) -> list[int]:
    """After how many of the places it died."""
    died: list[int] = []
    reach = parse_failpoint(setting, lambda: died.append(number))
    for number, name in enumerate(reached, 1):  # noqa: B007 - told to whoever dies
        reach(name)
    return died


def test_it_ends_the_process_at_its_place_the_first_time() -> None:
    assert deaths("after_intent", "mid_stream", "after_intent", "after_intent") == [2]


def test_it_waits_for_the_time_it_was_told() -> None:
    assert deaths("mid_stream@3", *["mid_stream"] * 5) == [3]


def test_off_it_is_a_function_that_does_nothing() -> None:
    assert parse_failpoint("") is no_failpoint


@pytest.mark.parametrize("name", NAMES)
def test_every_place_can_be_named_in_the_settings(name: str) -> None:
    assert DeliverySettings(failpoint=f"{name}@2").failpoint == f"{name}@2"


@pytest.mark.parametrize("setting", ["nowhere", "mid_stream@0", "mid_stream@", "mid_stream@x"])
def test_a_place_that_is_not_there_is_refused(setting: str) -> None:
    with pytest.raises(ValidationError):
        DeliverySettings(failpoint=setting)
