"""Chat messages to prompt ids, and reply ids back to text, as one model's tokenizer does it."""

import re
import threading
from collections.abc import Mapping, Sequence
from typing import Any

from inference.engine import ChatMessage
from inference.errors import EngineFailed, ModelUnusable


class ChatTokenizer:
    """The border to transformers' tokenizers; may be called from any thread.

    A tokenizer keeps truncation settings inside and panics when two threads meet there, hence the lock.
    Source: huggingface/tokenizers issue 537.
    """

    def __init__(self, tokenizer: Any) -> None:
        """Raises: ModelUnusable, without a chat template: the model was not made for chat."""
        if not tokenizer.chat_template:
            raise ModelUnusable("the model has no chat template: choose an Instruct or Chat variant of it")
        self._tokenizer = tokenizer
        self._lock = threading.Lock()
        self._special_ids = frozenset(tokenizer.all_special_ids)
        self._control = _control_tokens(tokenizer)

    def prompt_ids(self, messages: Sequence[ChatMessage]) -> list[int]:
        """Raises: EngineFailed, when the model's template refuses these messages."""
        chat = [{"role": message.role, "content": self._defused(message.content)} for message in messages]
        try:
            with self._lock:
                encoding: Mapping[str, list[int]] = self._tokenizer.apply_chat_template(
                    chat,
                    add_generation_prompt=True,
                    return_dict=True,
                    enable_thinking=False,  # for templates that know it (Qwen3): think silently or not at all
                )
        except Exception as error:  # a template is a program by the model's author: it may raise anything
            raise EngineFailed(f"the model's chat template refuses this conversation: {error}") from error
        return list(encoding["input_ids"])

    def decode(self, token_ids: Sequence[int]) -> str:
        """Without clean-up: that would alter what the model wrote, and differently for each part of a reply."""
        with self._lock:
            text: str = self._tokenizer.decode(
                list(token_ids), skip_special_tokens=True, clean_up_tokenization_spaces=False
            )
        return text

    def is_special(self, token_id: int) -> bool:
        return token_id in self._special_ids

    def _defused(self, content: str) -> str:
        """The text with a space inside anything that the tokenizer would take for a control token.

        Otherwise a question could end its own message and begin one of the system's.
        """
        while self._control.search(content):
            content = self._control.sub(lambda match: f"{match[0][0]} {match[0][1:]}", content)
        return content


def _control_tokens(tokenizer: Any) -> re.Pattern[str]:
    """Matches the control tokens of more than one character; nothing where there are none."""
    added = tokenizer.added_tokens_decoder.values()
    texts = {str(token.content) for token in added if token.special} | set(tokenizer.all_special_tokens)
    controls = sorted((text for text in texts if len(text) > 1), key=len, reverse=True)
    return re.compile("|".join(map(re.escape, controls)) or r"(?!)")
