"""The shape of a model, from its config as transformers reads it.

What `decoder` does not compute exactly is refused here, by the name of the key: a model that is computed nearly right
would still talk, only worse.
"""

from pathlib import Path
from typing import Any

from inference.errors import ModelUnusable
from inference.torch_engine.shapes import DecoderConfig

FAMILIES = ("llama", "qwen2", "qwen3")


def read_config(folder: Path) -> Any:
    """`config.json` of a model's folder, as transformers understands it. Raises: ModelUnusable."""
    from transformers import AutoConfig

    try:
        return AutoConfig.from_pretrained(str(folder), local_files_only=True, trust_remote_code=False)
    except (OSError, ValueError, KeyError) as error:  # an unknown family, a damaged file, code that would be run
        raise ModelUnusable(f"{folder / 'config.json'} is not understood ({error})") from error


def decoder_config(config: Any) -> DecoderConfig:
    """`config`: of transformers. Raises: ModelUnusable, naming the key that asks for more than we compute."""
    _require_computable(config)
    is_qwen2 = config.model_type == "qwen2"  # whose biases are not in its config: q, k, v have one, o has none
    return DecoderConfig(
        layers=config.num_hidden_layers,
        hidden=config.hidden_size,
        heads=config.num_attention_heads,
        kv_heads=config.num_key_value_heads,
        head_dim=getattr(config, "head_dim", None) or config.hidden_size // config.num_attention_heads,
        intermediate=config.intermediate_size,
        vocabulary=config.vocab_size,
        context_tokens=config.max_position_embeddings,
        norm_epsilon=config.rms_norm_eps,
        rope_theta=float(config.rope_parameters["rope_theta"]),
        is_tied=bool(config.tie_word_embeddings),
        has_qkv_bias=is_qwen2 or config.attention_bias,
        has_output_bias=not is_qwen2 and config.attention_bias,
        has_mlp_bias=getattr(config, "mlp_bias", False),
        has_qk_norm=config.model_type == "qwen3",
    )


def _require_computable(config: Any) -> None:
    _require("model_type", config.model_type, config.model_type in FAMILIES)
    classes = config.architectures or []
    _require("architectures", classes, all(name.endswith("ForCausalLM") for name in classes))
    _require("hidden_act", config.hidden_act, config.hidden_act == "silu")
    rope = config.rope_parameters or {}
    kind = rope.get("rope_type", "default")
    _require("rope_parameters.rope_type", kind, kind == "default" and "rope_theta" in rope)
    share = rope.get("partial_rotary_factor", 1.0)
    _require("rope_parameters.partial_rotary_factor", share, share == 1.0)
    attention = set(getattr(config, "layer_types", None) or ()) - {"full_attention"}
    _require("layer_types", sorted(attention), not attention)  # use_sliding_window ends up here
    quantization = getattr(config, "quantization_config", None)
    _require("quantization_config", quantization, not quantization)


def _require(key: str, value: Any, is_computable: bool) -> None:
    if not is_computable:
        raise ModelUnusable(
            f'our engine does not compute models with {key} = {value!r}: set engine = "transformers" under [inference]'
        )
