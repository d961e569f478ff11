"""Handbooks: an import changes what changed, removes what is gone, and says so."""

from collections.abc import Sequence
from datetime import timedelta

from storage.database import Database
from storage.knowledge.entries import EntryStore
from storage.knowledge.passages import PassageStore
from storage.knowledge.records import DocumentChange, DocumentOutcome, GivenDocument, Passage
from storage.knowledge.words import words_of
from tests.audit_log import audited
from tests.clock import START
from tests.storage.knowledge.samples import HR

ADDED, CHANGED, LEFT, REMOVED = DocumentOutcome
ALL = ("everyone",)


def a_document(
    name: str = "handbook/leave.md", *texts: str, audience: tuple[str, ...] = ALL, source_url: str = ""
) -> GivenDocument:
    passages = tuple(
        Passage(
            passage_id=f"{name} {text}",
            document=name,
            heading_path=("Leave", "Annual"),
            text=text,
            lang="en",
            audience=audience,
            source_url=source_url,
        )
        for text in texts
    )
    return GivenDocument(
        name=name, text="\n\n".join(texts), passages=passages, audience=audience, source_url=source_url
    )


async def replace(passages: PassageStore, *documents: GivenDocument, collection: str = "h") -> list[DocumentChange]:
    return await passages.replace(collection, documents, HR, START)


async def found(passages: PassageStore, question: str, audience: Sequence[str] = ALL) -> list[str]:
    return [passage_id for passage_id, _ in await passages.search(words_of(question), audience, 10)]


async def test_passages_come_back_as_they_were_in_their_order(passages: PassageStore) -> None:
    document = a_document("b.md", "second", "first", "年假", audience=("group:S1",), source_url="https://a.test/b")

    await replace(passages, document, a_document("a.md", "before"))

    assert await passages.all() == [*a_document("a.md", "before").passages, *document.passages]
    assert await passages.find("b.md 年假") == document.passages[2]
    assert await passages.find("b.md third") is None


async def test_an_import_changes_only_what_changed(passages: PassageStore, database: Database) -> None:
    first = [a_document("a.md", "one", "two", "three"), a_document("b.md", "same"), a_document("c.md", "gone")]
    assert await replace(passages, *first) == [
        DocumentChange("a.md", ADDED, 3, 3),
        DocumentChange("b.md", ADDED, 1, 1),
        DocumentChange("c.md", ADDED, 1, 1),
    ]
    documents = [a_document("a.md", "new", "three", "one"), a_document("b.md", "same"), a_document("d.md")]

    preview = await passages.preview("h", documents)
    done = await replace(passages, *documents)

    assert preview == done
    assert done == [
        DocumentChange("a.md", CHANGED, 3, 1),
        DocumentChange("b.md", LEFT, 1, 0),
        DocumentChange("d.md", ADDED, 0, 0),
        DocumentChange("c.md", REMOVED, 0, 0),
    ]
    assert [passage.text for passage in await passages.all()] == ["new", "three", "one", "same"]
    assert [(one.name, one.passages) for one in await passages.documents()] == [("a.md", 3), ("b.md", 1), ("d.md", 0)]


async def test_importing_the_same_again_changes_nothing(
    passages: PassageStore, entries: EntryStore, database: Database
) -> None:
    await replace(passages, a_document("a.md", "one"))

    again = await passages.replace("h", [a_document("a.md", "one")], HR, START + timedelta(days=1))

    assert again == [DocumentChange("a.md", LEFT, 1, 0)]
    assert await entries.generation() == 1
    assert len(await audited(database)) == 1
    assert [one.imported_at for one in await passages.documents()] == [START]


async def test_collections_do_not_touch_each_other(passages: PassageStore) -> None:
    await replace(passages, a_document("hr/a.md", "one"), collection="hr")
    await replace(passages, a_document("it/a.md", "two"), collection="it")

    assert await replace(passages, collection="hr") == [DocumentChange("hr/a.md", REMOVED, 0, 0)]
    assert [passage.text for passage in await passages.all()] == ["two"]


async def test_words_are_found_under_their_headings_and_not_after_they_are_gone(passages: PassageStore) -> None:
    await replace(passages, a_document("a.md", "Carry over five days."), a_document("b.md", "Parking is free."))

    assert await found(passages, "carrying days over") == ["a.md Carry over five days."]
    assert len(await found(passages, "annual")) == 2

    await replace(passages, a_document("a.md", "Nothing is carried."))
    assert await found(passages, "parking") == []
    assert await found(passages, "carry") == ["a.md Nothing is carried."]


async def test_an_audience_that_changes_holds_for_passages_that_did_not(passages: PassageStore) -> None:
    await replace(passages, a_document("a.md", "one"))

    await replace(passages, a_document("a.md", "one", audience=("group:S1",)))

    assert await found(passages, "one") == []
    assert await found(passages, "one", ["group:S1"]) == ["a.md one"]
    assert [passage.audience for passage in await passages.all()] == [("group:S1",)]


async def test_documents_are_on_record_with_name_and_text_in_the_body_alone(
    passages: PassageStore, database: Database
) -> None:
    await replace(passages, a_document("secret plan.md", "one", "two"))
    await replace(passages)

    (imported, words), (removed, name) = await audited(database)

    assert (imported["kind"], imported["passages"], removed["kind"]) == ("document_imported", 2, "document_removed")
    assert imported["actor"] == removed["actor"] == "pseudonym of UHR"
    assert words == {"name": "secret plan.md", "text": "one\n\ntwo", "audience": "everyone", "source_url": ""}
    assert name == {"name": "secret plan.md"}
    assert "secret" not in f"{imported}{removed}"
