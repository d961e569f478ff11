"""From ids to text: whatever the parts, joined they are the whole."""

from collections.abc import Sequence
from functools import cache
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from inference.text import StopStrings, TextStream


@cache
def byte_level() -> Any:
    """As in the GPT-2, Qwen and SmolLM families: every byte is a token or part of one."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers

    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    tokenizer = Tokenizer(models.BPE(vocab={letter: index for index, letter in enumerate(alphabet)}, merges=[]))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    return tokenizer


@cache
def sentencepiece_like() -> Any:
    """As in the Llama 2 and Mistral families: the first word's space is dropped, rare characters are bytes."""
    from tokenizers import Tokenizer, decoders, models

    words = ["▁hello", "▁world", "▁", "don", "'", "t", "▁.", "年", "\n"]
    vocab = {f"<0x{byte:02X}>": byte for byte in range(256)} | {word: 256 + index for index, word in enumerate(words)}
    tokenizer = Tokenizer(models.BPE(vocab=vocab, merges=[], byte_fallback=True))
    tokenizer.decoder = decoders.Sequence(
        [decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse(), decoders.Strip(" ", 1, 0)]
    )
    return tokenizer


def streamed(tokenizer: Any, ids: Sequence[int]) -> list[str]:
    stream = TextStream(lambda part: str(tokenizer.decode(list(part))))
    return [*(stream.add(token_id) for token_id in ids), stream.finish()]


@given(st.text(min_size=1))
@example("🎉年假👩‍👩‍👧 don't  \n x")
def test_byte_level_text_comes_in_whole_characters(text: str) -> None:
    pieces = streamed(byte_level(), byte_level().encode(text).ids)
    assert "".join(pieces) == text.rstrip("\ufffd")
    assert all("\ufffd" not in piece for piece in pieces if "\ufffd" not in text)


@given(st.lists(st.integers(0, 255), max_size=12))
def test_byte_level_nonsense_equals_its_decoding(ids: list[int]) -> None:
    assert "".join(streamed(byte_level(), ids)) == byte_level().decode(ids).rstrip("\ufffd")


@given(st.lists(st.integers(256, 264), max_size=12))
def test_spaces_of_sentencepiece_words_equal_their_decoding(ids: list[int]) -> None:
    assert "".join(streamed(sentencepiece_like(), ids)) == sentencepiece_like().decode(ids)


def test_characters_spelled_in_bytes_are_held_until_whole() -> None:
    ids = [256, *"年🎉".encode(), 257]
    assert streamed(sentencepiece_like(), ids) == ["hello", "", "", "年", "", "", "", "🎉", " world", ""]


def test_a_reply_cut_inside_a_character_ends_before_it() -> None:
    ids = byte_level().encode("年假").ids[:-1]
    assert "".join(streamed(byte_level(), ids)) == "年"


@settings(max_examples=300)
@given(st.lists(st.text("ab<|>", max_size=4)), st.sampled_from([("<|b|>",), ("aab",), ("<|a", "bb>")]))
def test_stop_strings_never_leak(parts: list[str], stop: tuple[str, ...]) -> None:
    stops = StopStrings(stop)
    shown = "".join(stops.add(part) for part in parts) + stops.finish()
    text = "".join(parts)
    cuts = [text.index(string) for string in stop if string in text]
    assert stops.found == bool(cuts)
    assert shown == text[: min(cuts, default=len(text))]


@pytest.mark.parametrize("stop", [(), ("",)])
def test_without_stop_strings_nothing_is_held(stop: tuple[str, ...]) -> None:
    assert StopStrings(stop).add("text") == "text"
