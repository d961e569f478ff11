"""What a text says, taken apart once: its content, its figures, its rules, what it denies. Compared as sets."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from bot.conversation.knowledge.grounding.figures import Figure, find_figures
from bot.conversation.knowledge.grounding.negation import denies, split_by_denial
from bot.conversation.knowledge.grounding.number_words import with_digits
from bot.conversation.knowledge.grounding.vocabulary import CHINESE_STOP, STOP_WORDS, permits, rule_words

_HAN = r"\u3400-\u4dbf\u4e00-\u9fff"
_WORD = re.compile(rf"[^\W\d_{_HAN}]{{2,}}")
_HAN_RUN = re.compile(rf"[{_HAN}]+")
_ENDINGS = (("ies", "y"), ("sses", "ss"), ("ing", ""), ("ed", ""), ("es", ""), ("s", ""))
_SHORTEST_STEM = 3
_DOUBLED = re.compile(r"([b-df-hj-kmnp-rtv-z])\1$")  # planned: plan; but call, pass

Rules = frozenset[tuple[str, ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """`units`: content words without their endings, and pairs of Chinese characters. `content`: for each piece of
    content the units that would cover it: a word itself, a character either pair that it is in.
    """

    content: tuple[tuple[str, ...], ...] = ()
    units: frozenset[str] = frozenset()
    figures: frozenset[Figure] = frozenset()
    rules: Rules = frozenset()
    said: frozenset[str] = frozenset()  # units that are not denied
    denied: frozenset[str] = frozenset()
    permits: bool = False
    denies: bool = False
    values: frozenset[str] = field(default=frozenset(), repr=False)

    def coverage_of(self, other: "Statement") -> int:
        """How many pieces of the other's content stand here."""
        return sum(not self.units.isdisjoint(covering) for covering in other.content)

    def lacks_figure_of(self, other: "Statement") -> bool:
        """Another number, or the same one of something else: 5 days are not in 5 weeks."""
        return any(
            figure not in self.figures if figure.unit else figure.value not in self.values for figure in other.figures
        )

    def lacks_rule_of(self, other: "Statement") -> bool:
        """Whether the other says before, only, at least, Monday or the like, and this does not.

        A permission where there is only a duty counts too.
        """
        obliges = any("must" in group or "必须" in group for group in self.rules)
        return bool(other.rules - self.rules) or (other.permits and obliges and not self.permits)

    def is_turned_round_by(self, other: "Statement") -> bool:
        """Whether the other says what is denied here, denies what is said here, or denies where nothing is denied."""
        says_denied = (other.said & self.denied) - self.said
        denies_said = (other.denied & self.said) - self.denied
        return bool(says_denied or denies_said or (other.denies and not self.denies))


def state(text: str) -> Statement:
    """Of plain text."""
    content = tuple(_content(text))
    said, denied = split_by_denial(text)
    figures = frozenset(find_figures(text))
    return Statement(
        content=content,
        units=frozenset(unit for covering in content for unit in covering),
        figures=figures,
        rules=frozenset(rule_words(text)),
        said=_units(said),
        denied=_units(denied),
        permits=permits(text),
        denies=denies(text),
        values=frozenset(figure.value for figure in figures),
    )


def together(statements: Iterable[Statement]) -> Statement:
    """What several texts say."""
    all_of = list(statements)

    def union(name: str) -> frozenset[object]:
        return frozenset().union(*(getattr(one, name) for one in all_of))

    return Statement(
        content=tuple(piece for one in all_of for piece in one.content),
        permits=any(one.permits for one in all_of),
        denies=any(one.denies for one in all_of),
        **{name: union(name) for name in ("units", "figures", "rules", "said", "denied", "values")},  # type: ignore[arg-type]
    )


def _content(text: str) -> Iterable[tuple[str, ...]]:
    """Figures are not content: they are looked at by themselves."""
    text = with_digits(text)
    yield from ((_stem(word),) for word in _WORD.findall(text) if word not in STOP_WORDS)
    for run in _HAN_RUN.findall(text):
        if len(run) > 1:  # one character alone says what a figure counts
            pairs = [run[at : at + 2] for at in range(len(run) - 1)]
            yield from (tuple(pairs[max(0, at - 1) : at + 1]) for at, one in enumerate(run) if one not in CHINESE_STOP)


def _units(text: str) -> frozenset[str]:
    return frozenset(unit for covering in _content(text) for unit in covering)


def _stem(word: str) -> str:
    for ending, instead in _ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= _SHORTEST_STEM:
            stem = word.removesuffix(ending) + instead
            return _DOUBLED.sub(r"\1", stem).removesuffix("e")
    return word.removesuffix("e") if len(word) > _SHORTEST_STEM else word
