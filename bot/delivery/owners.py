"""Those who look after answers: told what they should know, once, by the same way as every reply.

What they are told is committed as a reply of its own, and shown by whoever shows replies: its intent before the post,
found again by its id. Source: docs/delivery.md.
"""

from collections.abc import Iterable, Sequence

from bot.conversation.learning.telling import gap_text, review_text
from bot.conversation.messages import Outcome
from bot.conversation.phrases import Language, phrase
from bot.delivery.intake import Submit, reply_id_of
from bot.delivery.shown import Shown
from bot.platforms.base import Act, Button, Confirmation, Content, Item, Phase
from storage.basis import Basis, BasisKind, CitedEntry, CitedGap
from storage.notices import Notice
from storage.records import Reply

CREATED, ADDED, DISMISSED = "created", "added", "dismissed"  # what was done about a gap


class Owners:
    """`platform`: where their channels are."""

    def __init__(self, platform: str, submit: Submit) -> None:
        self._platform = platform
        self._submit = submit

    def notice(self, key: str, channel: str, head: str, paragraphs: Iterable[str], basis: Basis) -> Notice:
        """`key` names it for good: two of one key are one. `head`, and what follows, in the channel's language."""
        message_key = f"told:{key}"
        return Notice(
            message_key=message_key,
            reply_id=reply_id_of(message_key),
            platform=self._platform,
            tenant="",
            channel=channel,
            thread=message_key,
            user="",
            question=head,
            address={"channel": channel},
            text="\n\n".join([head, *paragraphs]),
            outcome=Outcome.TOLD,
            basis=basis,
        )

    def show(self, replies: Sequence[Reply | None]) -> None:
        for reply in replies:
            if reply is not None:
                self._submit(reply, may_refuse=False)


def told_content(shown: Shown, language: Language, *, withholds_overdue: bool) -> Content:
    """The head of the text, and what follows in items with buttons."""
    assert shown.basis is not None
    if shown.basis.kind is BasisKind.DIGEST:
        items = [_gap(gap, number, language) for number, gap in enumerate(shown.basis.gaps, 1)]
    else:
        items = [
            _review(entry, number, language, is_withheld=withholds_overdue)
            for number, entry in enumerate(shown.basis.entries, 1)
        ]
    return Content(shown.text.split("\n\n")[0], Phase.FINAL, items=tuple(items))


def _gap(gap: CitedGap, number: int, language: Language) -> Item:
    if gap.settled:
        return Item(gap_text(gap, language))
    buttons = [
        Button(Act.CREATE_ENTRY, phrase("gap_create", language), number),
        *([_variant(gap, gap.entry, number, language)] if gap.entry is not None and gap.entry.lang == gap.lang else []),
        Button(Act.DISMISS_GAP, phrase("gap_dismiss", language), number),
    ]
    return Item(gap_text(gap, language), tuple(buttons))


def _variant(gap: CitedGap, entry: CitedEntry, number: int, language: Language) -> Button:
    sure = Confirmation(
        title=phrase("gap_variant_title", language),
        text=phrase("gap_variant_text", language, question=gap.question, title=entry.title),
        yes_label=phrase("gap_variant_yes", language),
        no_label=phrase("gap_variant_no", language),
    )
    return Button(Act.ADD_VARIANT, phrase("gap_variant", language), number, confirmation=sure)


def _review(entry: CitedEntry, number: int, language: Language, *, is_withheld: bool) -> Item:
    open_it = Button(Act.OPEN_ENTRY, phrase("review_open", language), number)
    return Item(review_text(entry, language, is_withheld=is_withheld), (open_it,))
