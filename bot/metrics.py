"""Every figure that /metrics tells, declared in one place, and the functions that record them.

The only module that knows prometheus_client. Labels are names of ours: never a text, a person, a channel or a token.
docs/metrics.md is made from `DECLARED`.
"""

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime

from prometheus_client import CONTENT_TYPE_LATEST, Counter, Gauge, Histogram, generate_latest

from inference.engine import EngineLoad, Figures
from storage.basis import BasisKind
from storage.feedback import Verdict

CONTENT_TYPE = CONTENT_TYPE_LATEST

_QUICK = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5)
_FELT = (0.1, 0.25, 0.5, 1, 1.5, 2, 3, 5, 10, 20, 30, 60, 120, 300, 600)
_SIZES = (1, 1.5, 2, 3, 4, 6, 8, 12, 16, 32)
_PACES = (1, 2, 5, 10, 15, 20, 30, 40, 60, 80, 120, 200, 500)


@dataclass(frozen=True, slots=True)
class Declared:
    """A metric for the reference. `name` is as it is scraped."""

    name: str
    kind: str
    labels: tuple[str, ...]
    help: str


DECLARED: list[Declared] = []


def _counter(name: str, text: str, *labels: str) -> Counter:
    DECLARED.append(Declared(name, "counter", labels, text))
    return Counter(name, text, labels)


def _gauge(name: str, text: str, *labels: str) -> Gauge:
    DECLARED.append(Declared(name, "gauge", labels, text))
    return Gauge(name, text, labels)


def _histogram(name: str, text: str, buckets: Iterable[float], *labels: str) -> Histogram:
    DECLARED.append(Declared(name, "histogram", labels, text))
    return Histogram(name, text, labels, buckets=tuple(buckets))


# ── questions ────────────────────────────────────────────────────────────────

_EVENTS = _counter(
    "inthread_events_total",
    "Posts that wanted an answer; `kind` is new, or duplicate when the post was accepted before.",
    "platform",
    "kind",
)
_FOUND_LATE = _counter(
    "inthread_found_late_total",
    "Questions that were found by looking back through the channels: their event had not come.",
    "platform",
)
_SWEEPS = _counter(
    "inthread_sweeps_total",
    "Looks back through the channels. `outcome`: whole, partial (some channels could not be read), failed (the "
    "platform could not be asked).",
    "platform",
    "outcome",
)
_LAST_SWEEP = _gauge(
    "inthread_last_sweep_timestamp_seconds",
    "When the last look back ended that was whole or partial, in seconds since 1970.",
    "platform",
)
_REPLIES = _counter(
    "inthread_replies_total",
    "Replies that ended. `outcome`: answered, cut_short, stopped, busy, too_long, empty, failed, interrupted, "
    "withdrawn (the post or our message was deleted), undeliverable (the platform takes no message there).",
    "platform",
    "outcome",
)
_REPLY_SECONDS = _histogram(
    "inthread_reply_seconds", "From the arrival of a question to the end of its reply.", _FELT, "platform"
)

_ANSWERS = _counter(
    "inthread_answers_total",
    "Replies that ended, by what they rest on. `basis`: verified, suggested, none, grounded, ungrounded, plain.",
    "platform",
    "basis",
)
_REDACTED = _counter(
    "inthread_redacted_total", "What was taken out of what people wrote before it was written down, by kind.", "kind"
)
_FEEDBACK = _counter("inthread_feedback_total", "Verdicts of people on replies: up or down.", "platform", "verdict")

# ── the line ─────────────────────────────────────────────────────────────────

_LINE_WAITING = _gauge("inthread_line_waiting", "Questions that wait for their turn.")
_LINE_ACTIVE = _gauge("inthread_line_active", "Questions that have their turn.")
_QUEUE_WAIT = _histogram(
    "inthread_queue_wait_seconds", "From joining the line to one's turn.", (0.01, *_FELT), "platform"
)

# ── what a person sees ───────────────────────────────────────────────────────

_FIRST_MESSAGE = _histogram(
    "inthread_first_message_seconds",
    "From the arrival of a question to the first visible message, which may be a placeholder.",
    _FELT,
    "platform",
)
_FIRST_TEXT = _histogram(
    "inthread_first_text_seconds",
    "From the arrival of a question to the first visible text of its answer.",
    _FELT,
    "platform",
)
_EDITS = _counter("inthread_edits_total", "Edits of our messages that the platform took.", "platform")
_DUPLICATES_REMOVED = _counter(
    "inthread_duplicates_removed_total",
    "Messages of ours that stood twice, because a post seemed lost and was not, and were taken away.",
    "platform",
)

# ── the model ────────────────────────────────────────────────────────────────

_FIRST_TOKEN = _histogram(
    "inthread_first_token_seconds", "From the start of generation to the first token: the prompt's cost.", _FELT
)
_TOKENS_PER_SECOND = _histogram(
    "inthread_tokens_per_second", "Decoding speed of one answer, after its first token.", _PACES
)
_TOKENS = _counter(
    "inthread_tokens_total",
    "Tokens of prompts, those of them that were computed before for another reply (cached), tokens that were written "
    "(new), those guessed ahead (drafted) and guessed rightly (accepted).",
    "kind",
)
_BATCH_SIZE = _histogram("inthread_batch_size", "How many replies shared the steps of one reply, on average.", _SIZES)
_ENGINE_QUEUE = _histogram(
    "inthread_engine_queue_seconds", "Inside the engine: until a prompt began to be read.", (0.01, *_FELT)
)
_ENGINE_REPLIES = _gauge("inthread_engine_replies", "Replies in the engine, by whether they run or wait.", "state")
_CACHE_TOKENS = _gauge("inthread_kv_cache_tokens", "Tokens for which running replies have taken the KV cache.")
_CACHE_CAPACITY = _gauge("inthread_kv_cache_capacity_tokens", "Tokens that the KV cache can hold.")
_PREEMPTIONS = _gauge(
    "inthread_preemptions", "Replies that had to give up their place in the KV cache, since the start."
)
_MODEL = _gauge("inthread_model_info", "1, with the model that answers.", "model", "sha256")

# ── platforms ────────────────────────────────────────────────────────────────

_RATE_LIMITED = _counter(
    "inthread_rate_limited_total", "Calls that the platform refused with 429, by its method.", "platform", "method"
)
_RECONNECTS = _counter(
    "inthread_reconnects_total", "Connections for events that broke and were opened again.", "platform"
)

# ── the process ──────────────────────────────────────────────────────────────

_BUILD = _gauge(
    "inthread_build_info", "1, with the versions of inthread, Python and SQLite.", *("version", "python", "sqlite")
)
_DATABASE = _histogram(
    "inthread_database_seconds",
    "What a caller waits for the database, its place behind others included; `kind` is read or write.",
    _QUICK,
    "kind",
)
_DATABASE_USABLE = _gauge(
    "inthread_database_usable", "1 while writes are committed; 0 while the disk is full, or fails, or a lock is held."
)
_DATABASE_TROUBLES = _counter(
    "inthread_database_troubles_total",
    "Writes that were not committed. `trouble`: full, locked, io_error, read_only, cannot_open.",
    "trouble",
)
_LOG_ERRORS = _counter("inthread_log_errors_total", "Lines of level error in the log.")
_LOOP_LAG = _histogram("inthread_loop_lag_seconds", "How late the event loop was for a tick.", _QUICK)
_LOOP_LAG_MAX = _gauge("inthread_loop_lag_max_seconds", "The latest that the event loop was since it became ready.")
_TASKS = _gauge("inthread_asyncio_tasks", "Tasks of the event loop that have not ended.")


def _count_tasks() -> int:
    try:
        return len(asyncio.all_tasks())
    except RuntimeError:  # asked outside of a loop, where nothing runs
        return 0


_TASKS.set_function(_count_tasks)


def exposition() -> bytes:
    """All figures in Prometheus' text format."""
    return generate_latest()


def begin(platforms: Iterable[str], outcomes: Iterable[str], troubles: Iterable[str]) -> None:
    """Show what can happen at 0, so that the first time it happens is seen as a change."""
    ends = list(outcomes)
    for platform in platforms:
        for kind in ("new", "duplicate"):
            _EVENTS.labels(platform, kind)
        for outcome in ends:
            _REPLIES.labels(platform, outcome)
        for kind in BasisKind:
            _ANSWERS.labels(platform, kind)
        for verdict in Verdict:
            _FEEDBACK.labels(platform, verdict)
        for outcome in ("whole", "partial", "failed"):
            _SWEEPS.labels(platform, outcome)
        for histogram in (_REPLY_SECONDS, _QUEUE_WAIT, _FIRST_MESSAGE, _FIRST_TEXT):
            histogram.labels(platform)
        for counter in (_EDITS, _DUPLICATES_REMOVED, _RECONNECTS):
            counter.labels(platform)
    for kind in ("prompt", "cached", "new", "drafted", "accepted"):
        _TOKENS.labels(kind)
    for kind in ("read", "write"):
        _DATABASE.labels(kind)
    for trouble in troubles:
        _DATABASE_TROUBLES.labels(trouble)


def describe_build(version: str, python: str, sqlite: str) -> None:
    _BUILD.labels(version, python, sqlite).set(1)


def describe_model(model_id: str, sha256: str) -> None:
    _MODEL.clear()
    _MODEL.labels(model_id, sha256).set(1)


def watch_engine(load: Callable[[], EngineLoad]) -> None:
    """Ask it at every scrape."""
    _ENGINE_REPLIES.labels("running").set_function(lambda: load().running)
    _ENGINE_REPLIES.labels("waiting").set_function(lambda: load().waiting)
    _CACHE_TOKENS.set_function(lambda: load().cache_tokens)
    _CACHE_CAPACITY.set_function(lambda: load().cache_capacity_tokens)
    _PREEMPTIONS.set_function(lambda: load().preemptions)


def watch_line(waiting: Callable[[], int], active: Callable[[], int]) -> None:
    """Ask these at every scrape."""
    _LINE_WAITING.set_function(waiting)
    _LINE_ACTIVE.set_function(active)


def record_event(platform: str, *, is_new: bool) -> None:
    _EVENTS.labels(platform, "new" if is_new else "duplicate").inc()


def record_found_late(platform: str) -> None:
    _FOUND_LATE.labels(platform).inc()


def record_sweep(platform: str, outcome: str, ended_at: datetime) -> None:
    _SWEEPS.labels(platform, outcome).inc()
    if outcome != "failed":
        _LAST_SWEEP.labels(platform).set(ended_at.timestamp())


def record_reply(platform: str, outcome: str, seconds: float, basis: BasisKind | None = None) -> None:
    _REPLIES.labels(platform, outcome).inc()
    _REPLY_SECONDS.labels(platform).observe(max(0.0, seconds))
    if basis is not None:
        _ANSWERS.labels(platform, basis).inc()


def record_feedback(platform: str, verdict: Verdict) -> None:
    _FEEDBACK.labels(platform, verdict).inc()


def record_redacted(kind: str, count: int) -> None:
    _REDACTED.labels(kind).inc(count)


def record_queue_wait(platform: str, seconds: float) -> None:
    _QUEUE_WAIT.labels(platform).observe(seconds)


def record_first_message(platform: str, seconds: float) -> None:
    _FIRST_MESSAGE.labels(platform).observe(max(0.0, seconds))


def record_first_text(platform: str, seconds: float) -> None:
    _FIRST_TEXT.labels(platform).observe(max(0.0, seconds))


def record_edit(platform: str) -> None:
    _EDITS.labels(platform).inc()


def record_duplicate_removed(platform: str) -> None:
    _DUPLICATES_REMOVED.labels(platform).inc()


def record_generation(figures: Figures) -> None:
    _TOKENS.labels("prompt").inc(figures.prompt_tokens)
    _TOKENS.labels("new").inc(figures.new_tokens)
    _TOKENS.labels("cached").inc(figures.cached_tokens)
    _TOKENS.labels("drafted").inc(figures.drafted_tokens)
    _TOKENS.labels("accepted").inc(figures.accepted_tokens)
    _BATCH_SIZE.observe(figures.batch_size)
    _ENGINE_QUEUE.observe(max(0.0, figures.queue_seconds))
    if figures.new_tokens:
        _FIRST_TOKEN.observe(figures.seconds_to_first_token)
    if per_second := figures.tokens_per_second:  # 0: too few tokens to tell
        _TOKENS_PER_SECOND.observe(per_second)


def record_rate_limited(platform: str, method: str) -> None:
    _RATE_LIMITED.labels(platform, method).inc()


def record_reconnect(platform: str) -> None:
    _RECONNECTS.labels(platform).inc()


def record_database(kind: str, seconds: float) -> None:
    _DATABASE.labels(kind).observe(seconds)


def record_database_trouble(trouble: str) -> None:
    _DATABASE_TROUBLES.labels(trouble).inc()


def record_database_usable(*, is_usable: bool) -> None:
    _DATABASE_USABLE.set(is_usable)


def record_log_error() -> None:
    _LOG_ERRORS.inc()


def record_loop_lag(seconds: float) -> None:
    _LOOP_LAG.observe(seconds)


def record_loop_lag_max(seconds: float) -> None:
    _LOOP_LAG_MAX.set(seconds)
