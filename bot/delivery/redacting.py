"""Taking out of what people write what is not to be kept, and counting it."""

from collections.abc import Collection

from bot import metrics
from bot.conversation.phrases import language_of
from bot.conversation.redaction import Redacted, Redactor
from bot.delivery.intake import Redact


def redacting(kinds: Collection[str], language: str) -> Redact:
    """`kinds`: [audit] redact. `language`: [answers] language."""
    redactor = Redactor(kinds)

    def redact(text: str) -> Redacted:
        redacted = redactor.redact(text, language_of(text, language))
        for kind, count in redacted.counts.items():
            metrics.record_redacted(kind, count)
        return redacted

    return redact
