"""Texts encoded once, kept in the database."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from bot.conversation.knowledge.encoding import BATCH, QUESTION, Encoding, Texts
from bot.conversation.knowledge.vectors import KnownVectors, stored_form
from storage.database import Database
from storage.knowledge.vectors import Vectors, VectorStore
from storage.knowledge.words import text_hash
from tests.conversation.knowledge.concepts import SIZE, ConceptEncoder

TEXTS = Texts([f"question {at}" for at in range(BATCH + 5)], ["an answer"])


@pytest.fixture
def executor() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(1) as executor:
        yield executor


def encoding(database: Database, executor: ThreadPoolExecutor, encoder: ConceptEncoder) -> Encoding:
    return Encoding(encoder, VectorStore(database), executor)


async def test_what_was_encoded_is_known(database: Database, executor: ThreadPoolExecutor) -> None:
    encoder = ConceptEncoder()
    ours = encoding(database, executor, encoder)
    assert await ours.known() is None

    await ours.encode(TEXTS)

    known = await ours.known()
    assert known is not None
    questions, passages = known
    taken = questions.take(["question 3", "never seen"])
    assert np.allclose(taken[0], encoder.embed_queries(["question 3"])[0], atol=1e-3)
    assert taken[1].tolist() == [0] * SIZE
    assert np.allclose(passages.take(["an answer"]), encoder.embed_passages(["an answer"]), atol=1e-3)
    assert not len(await ours.missing(TEXTS))


async def test_long_texts_are_encoded_a_few_at_a_time(database: Database, executor: ThreadPoolExecutor) -> None:
    """Whoever asks meanwhile waits for one batch."""
    told: list[int] = []

    await encoding(database, executor, ConceptEncoder()).encode(
        Texts(passages=["long " * 100 + str(at) for at in range(5)]), lambda done, total: told.append(done)
    )

    assert told == [2, 4, 5]


async def test_a_stop_in_the_middle_loses_nothing(database: Database, executor: ThreadPoolExecutor) -> None:
    class Stopped(Exception):
        pass

    def stop(done: int, total: int) -> None:
        assert total == len(TEXTS)
        raise Stopped

    encoder = ConceptEncoder()
    ours = encoding(database, executor, encoder)
    with pytest.raises(Stopped):
        await ours.encode(TEXTS, stop)

    await ours.encode(await ours.missing(TEXTS))

    assert len(encoder.asked) == len(TEXTS), "none was encoded twice"


async def test_each_text_once_and_told_how_far(database: Database, executor: ThreadPoolExecutor) -> None:
    told: list[tuple[int, int]] = []
    ours = encoding(database, executor, ConceptEncoder())
    twice = Texts(["a", "b", "a"], ["a"])

    await ours.encode(await ours.missing(twice), lambda done, total: told.append((done, total)))

    assert told == [(2, 3), (3, 3)]


async def test_another_encoder_begins_anew(database: Database, executor: ThreadPoolExecutor) -> None:
    await encoding(database, executor, ConceptEncoder()).encode(TEXTS)

    assert len(await encoding(database, executor, ConceptEncoder("other")).missing(TEXTS)) == len(TEXTS)


def test_slices_hold_everything() -> None:
    slices = list(TEXTS.slices(10))

    assert [text for part in slices for text in part.questions] == TEXTS.questions
    assert [text for part in slices for text in part.passages] == TEXTS.passages
    assert max(map(len, slices)) == 10


def test_a_kind_without_vectors_has_zeros_of_the_right_size() -> None:
    known = KnownVectors.of(Vectors([], b""), SIZE)

    assert known.take(["anything"]).shape == (1, SIZE)


def test_the_stored_form_is_half_as_long() -> None:
    vector = np.linspace(-1, 1, SIZE, dtype=np.float32)

    stored = Vectors([text_hash("text")], stored_form(vector))

    assert len(stored.data) == 2 * SIZE
    assert np.allclose(KnownVectors.of(stored, SIZE).take(["text"])[0], vector, atol=1e-3)
    assert QUESTION == "question", "stands in databases"
