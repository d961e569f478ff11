"""A real model, only very small: random weights, a tokenizer trained on a few sentences, a chat template.

Heavy imports stand inside the functions, so that tests of the scripted engine start at once.
"""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from inference.loading import LoadedModel, load_model, preload
from inference.models import ModelFiles

CONTEXT_TOKENS = 320
END_IDS = (0, 2)  # <|endoftext|>, <|im_end|>
TEMPLATE = (
    "{% for message in messages %}<|im_start|>{{ message.role }}\n{{ message.content }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
SENTENCES = [
    "How many days of leave do I have? You have twenty-five days of annual leave.",
    "Where do I find the form for travel expenses? It is on the intranet, under finance.",
    "年假有几天？你每年有二十五天年假。",
]


def train_tokenizer() -> Any:
    """Byte-level, so that Chinese and emoji are split over tokens; 300 odd tokens."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import PreTrainedTokenizerFast

    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=320,
        special_tokens=["<|endoftext|>", "<|im_start|>", "<|im_end|>"],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(SENTENCES, trainer)
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        eos_token="<|im_end|>",
        bos_token="<|im_start|>",
        pad_token="<|endoftext|>",
        unk_token="<|endoftext|>",
        chat_template=TEMPLATE,
    )


def save_tiny_model(folder: Path, config_class: str, **config_values: Any) -> Path:
    """2 layers, 4 heads over 2 key heads, so that a cache or a permutation that is wrong shows."""
    preload()
    import torch
    import transformers

    tokenizer = train_tokenizer()
    config = getattr(transformers, config_class)(
        vocab_size=len(tokenizer),
        hidden_size=32,
        intermediate_size=48,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=2,
        max_position_embeddings=CONTEXT_TOKENS,
        initializer_range=0.5,
        eos_token_id=[tokenizer.eos_token_id, tokenizer.pad_token_id],
        bos_token_id=tokenizer.bos_token_id,
        **config_values,
    )
    torch.manual_seed(7)
    network = transformers.AutoModelForCausalLM.from_config(config)
    for name, values in network.named_parameters():
        if name.endswith(("bias", "norm.weight")):  # else zeros and ones, whose loss nobody would notice
            torch.nn.init.uniform_(values, 0.5, 1.5)
    network.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


QWEN_TEMPLATE = (
    "{% for message in messages %}{% if loop.first and message.role != 'system' %}"
    "<|im_start|>system\nYou are a helpful assistant<|im_end|>\n{% endif %}"
    "<|im_start|>{{ message.role }}\n{{ message.content }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n"
    "{% if enable_thinking is defined and enable_thinking is false %}<think>\n\n</think>\n\n{% endif %}{% endif %}"
)


def save_tiny_qwen(folder: Path) -> Path:
    """With the generation config of Qwen1.5-0.5B-Chat, two kinds of end, and the way in which Qwen3 hides thoughts."""
    save_tiny_model(folder, "Qwen2Config", tie_word_embeddings=True)
    generation = {"do_sample": True, "top_p": 0.8, "repetition_penalty": 1.1, "eos_token_id": [2, 0], "pad_token_id": 0}
    (folder / "generation_config.json").write_text(json.dumps(generation))
    (folder / "chat_template.jinja").write_text(QWEN_TEMPLATE)
    (folder / "LICENSE").write_text("Tiny licence")
    return folder


class Spy:
    """Stands in for the network: counts the calls, and never ends a reply by chance, as random weights may.

    `before_call(number)` may block, raise, or return a function that changes the logits.
    """

    def __init__(self, network: Any, before_call: Callable[[int], Any]) -> None:
        self._network = network
        self._before_call = before_call
        self.config = network.config
        self.calls = 0

    def __call__(self, **inputs: Any) -> Any:
        self.calls += 1
        change = self._before_call(self.calls)
        output = self._network(**inputs)
        output.logits[..., END_IDS] = -1e9
        if change is not None:
            output.logits = change(output.logits)
        return output


class SpyLoader:
    """A `load` for the engine. `watch` starts to count calls, so that those of the warm-up are left out."""

    def __init__(self) -> None:
        self.spy: Spy | None = None
        self._before_call: Callable[[int], Any] = lambda number: None

    def __call__(self, files: ModelFiles) -> LoadedModel:
        model = load_model(files)
        self.spy = Spy(model.network, lambda number: self._before_call(number))
        return replace(model, network=self.spy)

    def watch(self, before_call: Callable[[int], Any] = lambda number: None) -> Spy:
        assert self.spy is not None
        self.spy.calls = 0
        self._before_call = before_call
        return self.spy
