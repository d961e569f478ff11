"""Vectors are kept by text, encoder and kind, and nobody encodes twice."""

from storage.knowledge.vectors import VectorStore
from storage.knowledge.words import text_hash

ONE, TWO = b"\x01\x02", b"\x03\x04"


async def test_what_is_missing_is_said_once_in_order(vectors: VectorStore) -> None:
    await vectors.put("e5", "question", {"b": ONE})

    assert await vectors.missing("e5", "question", ["c", "b", "a", "c"]) == ["c", "a"]
    assert await vectors.missing("e5", "passage", ["b"]) == ["b"]
    assert await vectors.missing("other", "question", ["b"]) == ["b"]


async def test_all_are_loaded_in_one_piece(vectors: VectorStore) -> None:
    await vectors.put("e5", "question", {"年假": ONE, "b": TWO})
    await vectors.put("e5", "passage", {"c": TWO})

    loaded = await vectors.load("e5", "question")

    rows = {key: loaded.data[at * 2 : at * 2 + 2] for at, key in enumerate(loaded.hashes)}
    assert rows == {text_hash("年假"): ONE, text_hash("b"): TWO}
    assert (await vectors.load("none", "question")).data == b""


async def test_a_vector_is_replaced_and_those_of_other_encoders_can_go(vectors: VectorStore) -> None:
    await vectors.put("e5", "question", {"a": ONE})
    await vectors.put("e5", "question", {"a": TWO})
    await vectors.put("old", "question", {"a": ONE, "b": ONE})
    await vectors.put("e5", "question", {})

    assert await vectors.forget_others("e5") == 2
    assert (await vectors.load("e5", "question")).data == TWO
    assert await vectors.count("old", "question") == 0
    assert await vectors.count("e5", "question") == 1
