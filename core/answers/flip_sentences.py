"""What a second model breaks, in sentences with their intervals; Markdown or plain text, computed every time.

Names are given as they are; the sentences escape them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from core import store
from core.answers import catalogue, sentences
from core.answers.asking import DIRECT, Answers
from core.answers.flips import KINDS, Direction, Flips, Kind
from core.answers.questions import Question, factor_of
from core.answers.sentences import resting, size
from core.answers.verdict_words import MARGIN, within
from core.answers.worst import Worst, enough, tied_in_words
from core.types import Factor
from core.wording import count, escaped, interval, percent, points, short_label

#: First and second model.
Names = tuple[str, str]


def kinds_to_say(found: Flips) -> tuple[Kind, ...]:
    """Which flips are said: what the better model breaks; of two that cannot be told apart, what each does."""
    return {"second": ("broken",), "first": ("fixed",)}.get(found.better or "", KINDS)  # type: ignore[return-value]


def unfinished(runs: Sequence[store.Run], *, markdown: bool = True) -> str:
    """How far the results are that are under way, of which nothing is claimed; empty where all are complete."""
    said = (
        sentences.partial(run.label, run.benchmark, run.n_done, run.n_samples, markdown=markdown)
        for run in runs
        if not run.complete
    )
    return " ".join(said)


def sentence(names: Names, found: Flips, margin: float = MARGIN, *, views: str = "", markdown: bool = True) -> str:
    """Which model is better, and what it breaks all the same.

    Args:
        names: First and second model.
        found: From ``flips.summary``.
        margin: Largest difference that does not matter, a fraction.
        views: How several views of an image became one, in words; see ``sentences.views_in_words``.
        markdown: Whether it is Markdown; plain text otherwise.
    """
    said = _Words(markdown)
    on = count(found.n, "common image")
    first, second = (said.strong(name, escape=True) for name in names)
    if not found.n:
        return f"{first} and {second} have no images in common."
    if found.is_thin:
        few = resting(found.n, found.n_clusters, found.unit)
        return f"{second} and {first} rest on {few}, too few to claim what either of them breaks."
    if found.better is None:
        return _of_equals(first, second, found, margin, said, f"{on}, {views}" if views else on)
    better, worse = (second, first) if found.better == "second" else (first, second)
    (kind,) = kinds_to_say(found)
    other: Kind = "fixed" if kind == "broken" else "broken"
    low, high = sorted((abs(found.change.low), abs(found.change.high)))
    breaks, gains = found.flips_of(kind), found.flips_of(other)
    but = "but" if breaks.count else "and"
    return (
        f"{better} is {said.strong(size(found.change.value, 1))} {interval(low, high)} better than {worse} on "
        f"{on}{f' ({views})' if views else ''}, {but} breaks {_breaks(breaks, worse, said)}; it fixes "
        f"{percent(gains.value)} {interval(gains.low, gains.high)}."
    )


def _of_equals(first: str, second: str, found: Flips, margin: float, said: _Words, on: str) -> str:
    """Neither is better, which does not mean that they are right on the same images."""
    verdict, change = found.change.verdict(margin), found.change
    apart = f"are {within(verdict)}" if verdict.kind == "equivalent" else "cannot be told apart"
    head = (
        f"{second} and {first} {apart} ({second} less {first}: {points(change.value, 1)} "
        f"{interval(change.low, change.high)} on {on})"
    )
    if not found.broken.count and not found.fixed.count:
        return f"{head}, and are right on the same images."
    return (
        f"{head}, but not right on the same images: {second} breaks {_breaks(found.broken, first, said)}; the other "
        f"way round, {first} breaks {_breaks(found.fixed, second, said)}."
    )


def _breaks(found: Direction, other: str, said: _Words) -> str:
    """``**2.4 %** [1.5, 3.6] of them, 3.4 % [2.1, 5.0] of all that **A** has right``."""
    if not found.count:
        return f"none of them (at most {percent(found.high)})"
    of_right = f"{percent(found.of_right)} {interval(found.of_right_low, found.of_right_high)}"
    share = f"{said.strong(percent(found.value))} {interval(found.low, found.high)}"
    return f"{share} of them, {of_right} of all that {other} has right"


def most(name: str, found: Worst, factors: Sequence[Factor], *, markdown: bool = True) -> str:
    """At which setting a model breaks most.

    Args:
        name: The model that breaks, or ``it`` where the sentence before has named it.
        found: From ``flips.most``.
        factors: What it is by.
        markdown: Whether it is Markdown; plain text otherwise.
    """
    said = _Words(markdown)
    model = name if name == "it" else said.strong(name, escape=True)
    what = said.plain(" and ".join(short_label(factor) for factor in factors))
    kind = "value" if len(factors) == 1 else "pair"
    if found.levels + found.thin_levels < 2:
        return f"There is one {kind} of {what} only, so no claim at which {model} breaks most."
    if found.worst is None or found.best is None:
        return f"No two {kind}s of {what} have enough images ({enough(found)}) to claim at which {model} breaks most."
    among = f"{count(found.levels, kind)} of {what}"
    more, at, least = (1 - found.worst.value), said.plain(found.worst.said), said.plain(found.best.said)
    if not found.is_clear:
        change = f"{points(-found.change, 1)} {interval(-found.high, -found.low)}"
        return f"Of {among}, {model} breaks clearly more at none: {at} less {least} is {change}."
    ties = said.plain(tied_in_words(found))
    return (
        f"Of {among}, {model} breaks most at {said.strong(at)}: {said.strong(percent(more))} of "
        f"{count(found.worst.n, 'image')}, {size(found.change, 1)} {interval(-found.high, -found.low)} more than at "
        f"its fewest ({percent(1 - found.best.value)} at {least}){ties}."
    )


def finding(
    names: Names,
    found: Flips,
    at: Mapping[Kind, Sequence[tuple[Sequence[Factor], Worst]]],
    margin: float = MARGIN,
    *,
    views: str = "",
    markdown: bool = True,
) -> str:
    """The sentence, and at which settings the better model breaks most; of two that cannot be told apart, each.

    Args:
        names: First and second model.
        found: From ``flips.summary``.
        at: Settings of some factors, by what flips, as ``kinds_to_say`` has it.
        margin: Largest difference that does not matter, a fraction.
        views: See ``sentence``.
        markdown: Whether it is Markdown; plain text otherwise.
    """
    parts = [sentence(names, found, margin, views=views, markdown=markdown)]
    if found.is_thin:
        return parts[0]
    kinds = [kind for kind in kinds_to_say(found) if found.flips_of(kind).count]
    for kind in kinds:
        name = "it" if len(kinds_to_say(found)) == 1 else names[kind == "broken"]
        for number, (factors, there) in enumerate(at.get(kind, ())):
            if number and not there.is_clear:
                # Of further factors what is found, and not that nothing is.
                continue
            parts.append(most(name, there, factors, markdown=markdown))
    return " ".join(parts)


def of_runs(
    first: store.Run,
    second: store.Run,
    by: Sequence[Sequence[str]],
    question: Question,
    margin: float = MARGIN,
    ask: Answers = DIRECT,
    *,
    markdown: bool = True,
) -> str:
    """What is said of two results: ``finding``, or how far they are.

    Args:
        first: The model before.
        second: The model after.
        by: Factors, or pairs of them, at whose settings the flips are compared.
        question: ``policy``, ``where`` and ``reduce``.
        margin: Largest difference that does not matter, a fraction.
        ask: Who answers.
        markdown: Whether it is Markdown; plain text otherwise.

    Raises:
        UsageError: See ``flips.summary``.
    """
    found = ask.flips_of_all(first, second, question)
    if early := unfinished([first, second], markdown=markdown):
        return early if markdown else early.replace("\u00a0", " ")
    kinds = () if found.is_thin else kinds_to_say(found)
    at = {
        kind: [
            ([factor_of(first, name) for name in names], ask.flips_most(first, second, tuple(names), question, kind))
            for names in by
            if found.flips_of(kind).count
        ]
        for kind in kinds
    }
    views = sentences.views_in_words(first, question.reduce)
    said = finding((first.label, second.label), found, at, margin, views=views, markdown=markdown)
    words = _Words(markdown).plain
    spaces = (words(catalogue.space_in_words(run.label_space)) for run in (first, second))
    if kinds and (apart := sentences.other_classes(*spaces)):
        said = f"{said} {apart}"
    return said if markdown else said.replace("\u00a0", " ")


def left_out(names: Names, found: Flips) -> str:
    """Which images are of one model only, plain text; empty where both have the same."""
    alone = [f"{count(n, 'image')} of {name} alone" for n, name in zip(found.n_only, names, strict=True) if n]
    return f"left out: {' and '.join(alone)}" if alone else ""


class _Words:
    """How words are marked and escaped."""

    def __init__(self, markdown: bool) -> None:
        self.markdown = markdown
        self.plain: Callable[[object], str] = escaped if markdown else str

    def strong(self, words: str, *, escape: bool = False) -> str:
        """Words that stand out."""
        words = self.plain(words) if escape else words
        return f"**{words}**" if self.markdown else words
