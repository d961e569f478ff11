"""A folder of documents: names, audiences, addresses, ids that last."""

from pathlib import Path, PurePosixPath

import pytest

from bot.conversation.knowledge.handbooks.folder import Handbook, load_documents
from bot.errors import FilesRefused


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A handbook with a folder for managers, and things that do not belong to it."""
    texts = {
        "welcome.md": "---\ntitle: The handbook\nslug: [x]\n---\n\nHello.\n\n# Wifi\n\nIt is called ACME.",
        "leave/annual leave.markdown": "# 年假\n\n入职满一年享有10天年假。",
        "managers/pay.txt": "Pay is reviewed in May.",
        "managers/deep/more.md": "Deep.",
        ".git/hidden.md": "hidden",
        "leave/.draft.md": "hidden",
        "picture.png": "png",
        "empty.md": "",
    }
    for name, text in texts.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text, "utf-8")
    return tmp_path


def test_documents_are_named_after_the_handbook_and_their_path(folder: Path) -> None:
    documents = {document.name: document for document in load_documents(Handbook(folder, "acme"))}

    assert list(documents) == [
        "acme/empty.md",
        "acme/leave/annual leave.markdown",
        "acme/managers/deep/more.md",
        "acme/managers/pay.txt",
        "acme/welcome.md",
    ]
    hello, wifi = documents["acme/welcome.md"].passages
    assert (hello.heading_path, hello.text, hello.lang) == (("The handbook",), "Hello.", "en")
    assert wifi.heading_path == ("The handbook", "Wifi")
    (leave,) = documents["acme/leave/annual leave.markdown"].passages
    assert (leave.heading_path, leave.lang, leave.document) == (("年假",), "zh", "acme/leave/annual leave.markdown")
    assert documents["acme/empty.md"].passages == ()
    assert documents["acme/welcome.md"].text.startswith("---\ntitle")


def test_audiences_follow_the_nearest_folder(folder: Path) -> None:
    audiences = {PurePosixPath("managers"): ("group:S1",), PurePosixPath("managers/deep"): ("group:S2", "channel:C1")}

    documents = {document.name: document for document in load_documents(Handbook(folder, "acme", audiences))}

    assert documents["acme/managers/pay.txt"].audience == ("group:S1",)
    assert documents["acme/managers/deep/more.md"].passages[0].audience == ("group:S2", "channel:C1")
    assert documents["acme/welcome.md"].audience == ("everyone",)
    everything = Handbook(folder, "acme", {PurePosixPath("."): ("group:S3",)})
    assert {document.audience for document in load_documents(everything)} == {("group:S3",)}


def test_addresses_lead_to_the_same_files(folder: Path) -> None:
    documents = load_documents(Handbook(folder, "acme", base_url="https://wiki.acme.test/h/"))

    assert documents[1].source_url == "https://wiki.acme.test/h/leave/annual%20leave.markdown"
    assert documents[1].passages[0].source_url == documents[1].source_url


def test_what_did_not_change_keeps_its_id(folder: Path) -> None:
    def ids(name: str = "acme") -> list[str]:
        return [one.passage_id for document in load_documents(Handbook(folder, name)) for one in document.passages]

    before = ids()
    (folder / "welcome.md").write_text("---\ntitle: The handbook\n---\nNew.\n\n# Wifi\n\nIt is called ACME.", "utf-8")

    assert len(set(before)) == len(before)
    assert [old == new for old, new in zip(before, ids(), strict=True)] == [True, True, True, False, True]
    assert set(ids("other")).isdisjoint(before)


def test_words_that_stand_twice_are_two_passages(folder: Path) -> None:
    (folder / "welcome.md").write_text("# A\n\nSame.\n\n# B\n\n# A\n\nSame.", "utf-8")

    welcome = load_documents(Handbook(folder, "acme"))[-1]

    assert [one.text for one in welcome.passages] == ["Same.", "Same."]
    assert len({one.passage_id for one in welcome.passages}) == 2


def test_every_file_that_cannot_be_read_is_named(folder: Path) -> None:
    (folder / "welcome.md").write_bytes("年假".encode("gb18030"))
    (folder / "leave" / "z.txt").write_bytes(b"a\n\0")

    with pytest.raises(FilesRefused) as refused:
        load_documents(Handbook(folder, "acme"))

    assert [(Path(one.file).name, one.line) for one in refused.value.problems] == [("z.txt", 2), ("welcome.md", 1)]
