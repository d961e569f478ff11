"""What a start does to the process that it starts in."""

import gc

import pytest

from inference.loading import collecting_later


def test_cycles_are_collected_again_once_all_is_loaded_even_if_that_fails() -> None:
    seen: list[bool] = []

    def load() -> None:
        with collecting_later():
            seen.append(gc.isenabled())
            raise ValueError("damaged")

    with pytest.raises(ValueError, match="damaged"):
        load()

    assert [*seen, gc.isenabled()] == [False, True]


def test_whoever_has_turned_it_off_keeps_it_off() -> None:
    gc.disable()
    try:
        with collecting_later():
            pass
        assert not gc.isenabled()
    finally:
        gc.enable()
