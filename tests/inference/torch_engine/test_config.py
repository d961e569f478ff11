"""What our engine computes, and what it leaves to transformers by name."""

from pathlib import Path
from typing import Any

import pytest
import transformers

from inference.errors import ModelUnusable
from inference.torch_engine.config import decoder_config, read_config


def test_the_shape_of_qwen2() -> None:
    config = decoder_config(transformers.Qwen2Config(hidden_size=1024, num_attention_heads=16, num_key_value_heads=2))

    assert (config.head_dim, config.kv_heads, config.has_qkv_bias, config.has_output_bias) == (64, 2, True, False)


@pytest.mark.parametrize(
    ("family", "values", "key"),
    [
        ("LlamaConfig", {"hidden_act": "gelu"}, "hidden_act = 'gelu'"),
        ("LlamaConfig", {"rope_scaling": {"rope_type": "linear", "factor": 2.0}}, "rope_type = 'linear'"),
        ("LlamaConfig", {"architectures": ["LlamaForSequenceClassification"]}, "architectures"),
        ("LlamaConfig", {"quantization_config": {"quant_method": "awq"}}, "quantization_config"),
        ("Qwen2Config", {"use_sliding_window": True, "max_window_layers": 2}, "layer_types"),
        ("Qwen3MoeConfig", {}, "model_type = 'qwen3_moe'"),
        ("GPT2Config", {}, "model_type = 'gpt2'"),
    ],
)
def test_what_is_not_computed_exactly_is_refused(family: str, values: dict[str, Any], key: str) -> None:
    config = getattr(transformers, family)(**values)

    with pytest.raises(ModelUnusable, match='engine = "transformers"') as refusal:
        decoder_config(config)

    assert key in str(refusal.value)


def test_a_family_that_transformers_does_not_know_is_refused(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text('{"model_type": "brand_new"}')

    with pytest.raises(ModelUnusable, match="not understood"):
        read_config(tmp_path)
