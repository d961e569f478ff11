"""What people say to anybody: a greeting, thanks. It asks nothing, so that it has no answer and needs none."""

import re
from typing import Literal

Pleasantry = Literal["greeting", "thanked"]

_WORDS: dict[Pleasantry, frozenset[str]] = {
    "greeting": frozenset(
        {"hi", "hi there", "hello", "hello there", "hey", "hey there", "good morning", "good afternoon"}
        | {"good evening", "你好", "您好", "嗨", "哈喽", "早", "早上好", "上午好", "下午好", "晚上好", "在吗", "在么"}
    ),
    "thanked": frozenset(
        {"thanks", "thank you", "thanks a lot", "thank you very much", "thank you so much", "many thanks", "thx"}
        | {"ok thanks", "okay thanks", "great thanks", "perfect thanks", "cheers", "ty"}
        | {"谢谢", "谢谢你", "谢谢您", "多谢", "好的谢谢", "非常感谢", "感谢", "谢了"}
    ),
}
_MOST_CHARACTERS = 40
_NO_WORDS = re.compile(r"[^\w]+")


def pleasantry_in(text: str) -> Pleasantry | None:
    """None: there is more in it than that."""
    if len(text) > _MOST_CHARACTERS:
        return None
    spaced = _NO_WORDS.sub(" ", text).strip().lower()
    said = {spaced, spaced.replace(" ", "")}
    return next((kind for kind, words in _WORDS.items() if said & words), None)
