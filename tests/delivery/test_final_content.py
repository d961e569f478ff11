"""What a finished reply shows around its text."""

from dataclasses import replace

import pytest

from bot.conversation.messages import Outcome
from bot.conversation.phrases import Language, phrase
from bot.delivery.final_content import Furnishing, final_content, plain_text
from bot.delivery.people import People
from bot.delivery.shown import Shown
from bot.platforms.base import Act, Button, Content, Phase
from storage.basis import Basis, BasisKind, CitedEntry
from tests.storage.test_choosing import BALANCE, PASSAGE, SUGGESTED

FRESH = replace(BALANCE, is_overdue=False)


def shown(
    text: str = "x", outcome: Outcome = Outcome.ANSWERED, basis: Basis | None = None, language: Language = "en"
) -> Content:
    return final_content(Shown(text=text, outcome=outcome, basis=basis), language)


def verified(entry: CitedEntry, language: Language = "en", text: str = "In Workday.") -> Content:
    return shown(text, basis=Basis(kind=BasisKind.VERIFIED, entries=(entry,)), language=language)


def test_a_verified_answer_names_its_source_its_owner_and_its_day() -> None:
    content = verified(FRESH)

    assert (content.text, content.phase, content.note) == ("In Workday.", Phase.FINAL, "")
    assert content.is_stored
    assert (content.sources[0].kind, content.sources[0].title) == ("Verified answer", "How many days are left?")
    assert content.sources[0].url == "https://intranet.acme.test/pto"
    assert content.sources[0].facts == ("hr@acme.test", "verified 12 Oct 2025")


def test_an_overdue_review_is_said() -> None:
    source = verified(BALANCE).sources[0]
    assert source.warning == "review overdue"


def test_in_chinese_too() -> None:
    source = verified(replace(BALANCE, lang="zh"), "zh").sources[0]
    assert source.kind == "已核实的答案"
    assert (source.facts, source.warning) == (("hr@acme.test", "核实于2025年10月12日"), "已过复核日期")


@pytest.mark.parametrize(("lang", "language"), [("en", "zh"), ("zh", "en")])
def test_an_entry_in_the_other_language_stays_as_it_is_and_says_why(lang: str, language: Language) -> None:
    content = verified(replace(FRESH, lang=lang), language)
    assert content.text == "In Workday."
    assert content.note == phrase(f"kept_in_{lang}", language)


@pytest.mark.parametrize(
    "url", ["", "javascript:alert(1)", "ftp://acme.test/x", "https://", "https://acme.test/a b", "https://[", "x|y"]
)
def test_what_is_no_web_address_is_no_link(url: str) -> None:
    source = verified(replace(FRESH, source_url=url)).sources[0]
    assert source.url == ""


def test_a_quotation_and_a_written_answer_name_document_and_headings() -> None:
    for kind, label, note in ((BasisKind.GROUNDED, "written_from", "grounded"), (BasisKind.QUOTED, "quoted_from", "")):
        content = shown("x", basis=Basis(kind=kind, passages=(PASSAGE, PASSAGE)))
        [source] = content.sources
        assert (source.kind, source.title) == (phrase(label, "en"), "handbook.md › Leave › Carry-over")
        assert not source.is_verified
        assert content.note == (phrase(note, "en") if note else "")
        assert not content.is_stored
        assert content.thumbs is not None


def test_a_quotation_in_the_other_language_says_why() -> None:
    content = shown("> x", basis=Basis(kind=BasisKind.QUOTED, passages=(PASSAGE,)), language="zh")
    assert content.note == phrase("kept_in_en", "zh")


def test_suggestions_are_buttons_with_a_way_out() -> None:
    content = shown("Which?\n1. …", Outcome.SUGGESTED, SUGGESTED)

    assert content.text == phrase("did_you_mean", "en")
    assert content.buttons == (
        Button(Act.CHOOSE, "How many days are left?", 1),
        Button(Act.CHOOSE, "怎么申请？", 2),
        Button(Act.DECLINE, phrase("none_of_these", "en")),
    )


@pytest.mark.parametrize("kind", [BasisKind.PLAIN, None])
def test_what_a_model_wrote_without_knowledge_says_so_and_may_be_silenced(kind: BasisKind | None) -> None:
    basis = Basis(kind=kind) if kind else None
    assert shown(basis=basis).note == phrase("disclaimer", "en")
    silenced = final_content(Shown(text="x", outcome=Outcome.ANSWERED, basis=basis), "en", Furnishing(disclaimer=False))
    assert silenced.note == ""


def test_what_nothing_supports_is_marked_whatever_is_silenced() -> None:
    basis = Basis(kind=BasisKind.UNGROUNDED)
    silenced = final_content(Shown(text="x", outcome=Outcome.ANSWERED, basis=basis), "en", Furnishing(disclaimer=False))
    assert silenced.note == phrase("ungrounded", "en")


def test_what_is_no_answer_has_no_disclaimer() -> None:
    assert shown("No.", Outcome.NO_ANSWER, Basis(kind=BasisKind.NONE)).note == ""


def test_how_it_ended_and_that_it_is_late_stand_before_who_wrote_it() -> None:
    stopped = Shown(text="x", outcome=Outcome.STOPPED, basis=Basis(kind=BasisKind.PLAIN))
    note = final_content(stopped, "en", is_late=True).note
    assert note == " ".join(phrase(key, "en") for key in ("late", "stopped", "disclaimer"))


def test_in_words_alone_nothing_is_lost() -> None:
    assert plain_text(shown("Which?", Outcome.SUGGESTED, SUGGESTED)) == (
        "Did you mean one of these?\n\n1. How many days are left?\n2. 怎么申请？"
    )
    assert plain_text(verified(BALANCE)) == (
        "In Workday.\n\n"
        "Verified answer · How many days are left? · hr@acme.test · verified 12 Oct 2025 · review overdue\n"
        "https://intranet.acme.test/pto"
    )
    assert plain_text(shown("Just text.", basis=Basis(kind=BasisKind.PLAIN))) == "Just text."


def test_a_day_that_is_not_known_is_not_said() -> None:
    source = verified(replace(FRESH, verified_on=None)).sources[0]
    assert source.facts == ("hr@acme.test",)


def test_people_can_be_asked_where_there_is_somebody_for_it() -> None:
    """The owner's channel, the owner that is a channel, or the one for everything."""
    none, verified = Basis(kind=BasisKind.NONE), Basis(kind=BasisKind.VERIFIED, entries=(FRESH,))
    of_channel = Basis(kind=BasisKind.VERIFIED, entries=(replace(FRESH, owner="C0HELPIT"),))
    for people, expected in (
        (People(), [None, None, "C0HELPIT"]),
        (People("C0GENERAL"), ["C0GENERAL", "C0GENERAL", "C0HELPIT"]),
        (People(of_owners={"hr@acme.test": "C0HELPHR"}), [None, "C0HELPHR", "C0HELPIT"]),
    ):
        assert [people.channel_for(basis) for basis in (none, verified, of_channel)] == expected
        for basis, channel in zip((none, verified, of_channel), expected, strict=True):
            shown = Shown(text="x", outcome=Outcome.ANSWERED, basis=basis)
            acts = [button.act for button in final_content(shown, "en", Furnishing(people=people)).buttons]
            assert acts == ([Act.ASK_PEOPLE] if channel else [])


def test_people_who_were_asked_already_are_not_asked_again() -> None:
    shown = Shown(text="x", outcome=Outcome.NO_ANSWER, basis=Basis(kind=BasisKind.NONE), people_were_asked=True)
    content = final_content(shown, "en", Furnishing(people=People("C0GENERAL")))
    assert (content.buttons, content.note) == ((), phrase("people_asked", "en"))


@pytest.mark.parametrize("kind", [BasisKind.PLAIN, BasisKind.SUGGESTED, BasisKind.ESCALATED, BasisKind.RELAYED])
def test_nobody_is_asked_about_what_says_nothing_about_the_company(kind: BasisKind) -> None:
    shown = Shown(text="x", outcome=Outcome.ANSWERED, basis=Basis(kind=kind))
    buttons = final_content(shown, "en", Furnishing(people=People("C0GENERAL"))).buttons
    assert Act.ASK_PEOPLE not in [button.act for button in buttons]
