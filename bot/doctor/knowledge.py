"""What the company knows, and whether questions find it."""

from bot.clock import Clock
from bot.desks.knowledge import ask_knowledge
from bot.doctor.findings import Finding, note, ok, warning
from bot.settings import Settings
from storage.errors import StorageError


async def check_knowledge(settings: Settings, clock: Clock) -> list[Finding]:
    """Nothing of an encoder where there is nothing to find."""
    try:
        async with ask_knowledge(settings, clock) as knowledge:
            entries, passages, missing = await knowledge.count()
    except StorageError:
        return [note("knowledge", "not examined: there is no database that can be read")]
    if not entries and not passages:
        return [note("knowledge", "none: the model answers alone", "`inthread faq import` takes answers over")]
    known = ok("knowledge", f"{entries:,} published entries, {passages:,} passages of documents")
    return [known, _encoder(knowledge.encoder, knowledge.encoder_fault, missing)]


def _encoder(encoder: str, fault: str, missing: int) -> Finding:
    if fault:
        says, _, mend = fault.rpartition(": ")
        return warning("encoder", f"{says or fault}: entries are only suggested", mend)
    if not encoder:
        mend = "set [answers.encoder] model: without one, words alone find entries"
        return warning("encoder", "none: entries are only suggested, never answers", mend)
    if missing:
        mend = "the service is at it, and `inthread faq encode` does it without one"
        return note("encoder", f"{encoder}: {missing:,} texts still to encode, found by words until then", mend)
    return ok("encoder", f"{encoder}: everything is encoded")
