"""Bodies that are not there any more, and the entries that say so: what goes without one was taken away.

An entry of one of these kinds names in its header, as `seqs`, the entries before it whose bodies went: `3-5,9`.
"""

import json
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence

ERASURE = "erasure"  # of a person, by somebody, for a reason
RETENTION = "retention"  # because it was old enough
REMOVALS = frozenset({ERASURE, RETENTION})
REMOVAL_MARK = b'"seqs":"'  # in a string of somebody's, its quotation marks would be escaped
_PRUNED = b'"headers_to":'

Span = tuple[int, int]  # first and last


def spans_of(seqs: Iterable[int]) -> list[Span]:
    """Of numbers that ascend."""
    spans: list[Span] = []
    for seq in seqs:
        if spans and spans[-1][1] == seq - 1:
            spans[-1] = (spans[-1][0], seq)
        else:
            spans.append((seq, seq))
    return spans


def spans_text(spans: Iterable[Span]) -> str:
    return ",".join(str(first) if first == last else f"{first}-{last}" for first, last in spans)


def parse_spans(text: str) -> list[Span]:
    """Raises: ValueError."""
    return [_parse_span(part) for part in text.split(",")] if text else []


def removed_by(header: bytes) -> Sequence[Span]:
    """Whose bodies an entry says are gone; of most entries, nobody's."""
    if REMOVAL_MARK not in header:
        return ()
    try:
        said = json.loads(header)
        return parse_spans(said["seqs"]) if said["kind"] in REMOVALS else ()
    except (ValueError, KeyError, TypeError):
        return ()


def pruned_by(header: bytes) -> int:
    """Up to which entry the log's oldest are gone as a whole, as this one says; of most, 0."""
    if _PRUNED not in header:
        return 0
    try:
        said = json.loads(header)
        return int(said["headers_to"] or 0) if said["kind"] == RETENTION else 0
    except (ValueError, KeyError, TypeError):
        return 0


class MissingBodies:
    """Those that are missed and not accounted for yet. Takes memory by the number of spans, not of entries."""

    def __init__(self) -> None:
        self._spans: list[Span] = []

    def __bool__(self) -> bool:
        return bool(self._spans)

    @property
    def first(self) -> int:
        return self._spans[0][0]

    @property
    def spans(self) -> Sequence[Span]:
        return self._spans

    def add(self, span: Span) -> None:
        """Later ones than all before."""
        first, last = span
        if self._spans and self._spans[-1][1] == first - 1:
            self._spans[-1] = (self._spans[-1][0], last)
        else:
            self._spans.append(span)

    def account_for(self, spans: Iterable[Span]) -> None:
        for first, last in spans:
            begin = bisect_left(self._spans, first, key=lambda span: span[1])
            end = bisect_left(self._spans, last + 1, key=lambda span: span[0])
            self._spans[begin:end] = list(_rest(self._spans[begin:end], first, last))


def _rest(spans: Iterable[Span], first: int, last: int) -> Iterator[Span]:
    for begin, end in spans:
        if begin < first:
            yield begin, first - 1
        if end > last:
            yield last + 1, end


def _parse_span(text: str) -> Span:
    first, dash, last = text.partition("-")
    return int(first), int(last if dash else first)
