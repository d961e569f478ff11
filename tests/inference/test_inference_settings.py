import pytest
from pydantic import ValidationError

from inference.engine import Sampling
from inference.settings import InferenceSettings, ScriptedSettings


def test_unset_choices_are_left_to_the_model() -> None:
    assert InferenceSettings(max_new_tokens=100).sampling() == Sampling(max_new_tokens=100)


def test_settings_become_sampling() -> None:
    settings = InferenceSettings(temperature=0, top_p=0.5, top_k=7, repetition_penalty=1.1, seed=3)
    assert settings.sampling() == Sampling(512, 0, 0.5, 7, 1.1, seed=3)


@pytest.mark.parametrize(
    "wrong", [{"temprature": 1}, {"temperature": -1}, {"top_p": 0}, {"engine": "x"}, {"model": ""}]
)
def test_what_is_out_of_range_or_unknown_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        InferenceSettings.model_validate(wrong)


@pytest.mark.parametrize("settings", [InferenceSettings, ScriptedSettings])
def test_every_setting_is_described(settings: type[InferenceSettings] | type[ScriptedSettings]) -> None:
    assert [name for name, field in settings.model_fields.items() if not field.description] == []
