"""What codes of ours are called in English, where the code itself would not say it."""

ENGLISH = {
    "role: eraser": "erasure officer",
    "role: editor": "knowledge editor",
    "outcome: no_answer": "no answer",
    "outcome: passed_on": "passed on to people",
    "outcome: told": "told an owner",
    "basis: verified": "an entry, word for word",
    "basis: suggested": "entries to choose from",
    "basis: declined": "none of the suggestions",
    "basis: none": "nothing",
    "basis: grounded": "written from passages",
    "basis: quoted": "a passage, word for word",
    "basis: ungrounded": "the model alone, nothing fitted",
    "basis: escalated": "people were asked",
    "basis: relayed": "a person's answer",
    "basis: plain": "the model alone",
    "figure: basis": "rests on",
    "figure: entry_id": "entry",
    "figure: entry_revision": "revision of the entry",
    "figure: cites": "entries and passages",
    "figure: failure": "why it failed",
    "figure: attempt": "attempts",
    "figure: edits": "edits of the message",
    "figure: model_id": "model",
    "figure: model_sha256": "SHA-256 of the model",
    "figure: prompt_sha256": "SHA-256 of what the model is told",
    "figure: prompt_tokens": "tokens read",
    "figure: new_tokens": "tokens written",
    "figure: seconds": "seconds of the model",
    "figure: seconds_to_first_token": "seconds to the model's first token",
    "verdict: up": "thumb up",
    "verdict: down": "thumb down",
    "event: log_exported": "whole log exported",
    "event: account_roles": "roles changed",
    "event: account_password": "password changed",
    "event: account_signed_out": "signed out everywhere",
    "event: conversations_searched": "searched",
    "event: conversation_opened": "opened",
    "event: conversations_exported": "exported",
    "event: people_not_reached": "people could not be asked",
    "way: direct": "answered by an entry",
    "way: suggested": "entries suggested",
    "way: generated": "written by the model",
    "way: unanswered": "no answer",
    "way: other": "refused, stopped or failed",
    "job: stuck_replies": "End replies that are stuck",
    "job: duplicates": "Remove messages that stand twice",
    "job: catch_up": "Look for missed questions",
    "job: variants": "Add agreed variants",
    "job: checkpoints": "Sign checkpoints of the log",
    "job: audit_index": "Index the log for searches",
    "job: WeeklyDigest": "Tell owners what was not answered",
    "job: ReviewReminders": "Remind owners of reviews",
    "job: retention": "Let go what is old enough",
    "job: model_update": "Take a newer model",
}
CODES = ("figure", "role", "status", "outcome", "basis", "verdict", "event", "request", "job", "way", "scope")


def said_in_english(sentence: str) -> str:
    """The sentence itself, or what a code (`status: draft`) is called."""
    sort, colon, code = sentence.partition(": ")
    if not colon or sort not in CODES:
        return sentence
    return ENGLISH.get(sentence, code.replace("_", " "))
