"""Controls of the view by any factors: which set, one or two factors, filters over all; all of it in the URL."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import streamlit as st

from core import store
from core.answers.cards import card_of
from core.answers.questions import Question, Where
from core.figures.exhibits import factor_words
from core.types import Factor
from core.wording import escaped, value
from pages.shared.factors import explore
from pages.shared.factors.explore import FACTORS, POLICIES, Controls
from pages.shared.page import address, cached, text

#: In place of a second factor.
_NONE = "-"
#: Factors that say what is in an image; others are shown first.
_LABELS = frozenset({"class", "category", "wnid", "label"})


@dataclass(frozen=True)
class Asked:
    """What is chosen.

    Attributes:
        key: The benchmark.
        factors: One factor or two; none where the result has no factor with several values.
        controls: The rest.
    """

    key: str
    factors: tuple[Factor, ...]
    controls: Controls


def controls(sets: Mapping[str, Mapping[str, store.Run]], n_models: int, within: Controls | None = None) -> Asked:
    """The row of controls above the figures.

    Args:
        sets: Results by model, by key of the benchmark; one or more.
        n_models: How many models are chosen.
        within: What is chosen above, where this is one view of several.
    """
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        key = next(iter(sets))
        if len(sets) > 1:
            key = st.selectbox("Set", list(sets), width=190, **address.one("set", list(sets), key)) or key
        run = next(iter(sets[key].values()))
        offered = varying(run)
        factors = _factors(offered)
        policy = within.question.policy if within else "top1"
        compare, flips = bool(within and within.compare), bool(within and within.flips)
        stretched = bool(within and within.stretched)
        if within is None:
            policy = st.segmented_control(
                "Right if", list(POLICIES), format_func=POLICIES.__getitem__, label_visibility="collapsed",
                **address.one("policy", list(POLICIES), "top1", kept=True),
            )  # fmt: skip
        where = _filters(run, offered)
        if within is None:
            stretched = len(factors) > 1 and explore.stretch()
            between = explore.of_two(n_models)
            compare, flips = between == explore.DIFFERENCE, between == explore.FLIPS
            text.about([card_of(run)])
    question = Question(policy=policy if policy in POLICIES else "top1", where=where)
    return Asked(key, factors, Controls(FACTORS, question, False, False, compare, stretched, flips))


def varying(run: store.Run) -> list[Factor]:
    """The factors of a result's benchmark that have several values in it."""
    return [factor for factor in card_of(run).factors if len(cached.levels(run, factor)) > 1]


def _factors(offered: Sequence[Factor]) -> tuple[Factor, ...]:
    """The first factor and the second: by default the first two that do not say what is in an image."""
    if not offered:
        st.caption("No factor of this benchmark has several values in this result.")
        return ()
    by_name = {factor.name: factor for factor in offered}
    labels = [factor.label for factor in offered]

    def label(name: str) -> str:
        if name == _NONE:
            return "nothing"
        said = by_name[name].label
        return said if labels.count(said) == 1 else f"{said} ({name})"

    first = sorted(by_name, key=lambda name: name in _LABELS)
    one = st.selectbox("By", list(by_name), format_func=label, width=180,
                       **address.one("factor", list(by_name), first[0]))  # fmt: skip
    one = one or first[0]
    others = [name for name in by_name if name not in (one, _NONE)]
    # The month of a date would say nothing beside it.
    unlike = [name for name in first if name in others and not name.startswith(f"{one}_")]
    usual = _NONE if one in _LABELS else next((name for name in unlike if name not in _LABELS), _NONE)
    other = st.selectbox("and", [_NONE, *others], format_func=label, width=180,
                         **address.one("and", [_NONE, *others], usual))  # fmt: skip
    return tuple(by_name[name] for name in (one, other) if name in by_name and name != _NONE)


def _filters(run: store.Run, offered: Sequence[Factor]) -> tuple[Where, ...]:
    """Conditions on the factors that are chosen to filter by; nothing chosen is no condition."""
    by_name = {factor.name: factor for factor in offered}
    n = len({name for name in address.asked("filters") if name in by_name})
    where: list[Where] = []
    with st.popover(f"Filters · {n}" if n else "Filters", icon=":material/filter_alt:"):
        names = st.multiselect(
            "Only images with …", list(by_name), format_func=lambda name: by_name[name].label,
            placeholder="A factor to filter by", **address.many("filters", list(by_name)),
        )  # fmt: skip
        for name in names:
            factor = by_name[name]
            found = _range(run, factor) if factor.is_number else _values(run, factor)
            where += [found] if found else []
    return tuple(where)


def _values(run: store.Run, factor: Factor) -> Where | None:
    there = {factor.text(level): level for level in cached.levels(run, factor)}
    picked = st.multiselect(
        escaped(factor.label), list(there), format_func=lambda text: value(factor, there[text]),
        placeholder="All values",
        **address.many(f"is_{factor.name}", list(there)),
    )  # fmt: skip
    return Where(factor.name, values=tuple(there[text] for text in picked)) if picked else None


def _range(run: store.Run, factor: Factor) -> Where | None:
    """From one value or bin to another."""
    binned = cached.binned(run, factor)
    spans = [(span.low, span.high) for span in binned.spans] if binned else None
    ends = spans or [(float(level), float(level)) for level in cached.levels(run, factor)]
    levels = binned.centres if binned else [low for low, _ in ends]
    names = [factor_words.named(run, factor, [level], cached) for level in levels]
    said = [next(iter(name)) for name in names]
    lows, highs = ([factor.text(pair[at]) for pair in ends] for at in (0, 1))
    with st.container(horizontal=True, vertical_alignment="bottom"):
        low = st.selectbox(
            f"{escaped(factor.label)}, from", lows, format_func=lambda text: said[lows.index(text)], width=170,
            **address.one(f"from_{factor.name}", lows, lows[0]),
        )  # fmt: skip
        high = st.selectbox(
            "to", highs, format_func=lambda text: said[highs.index(text)], width=170,
            **address.one(f"to_{factor.name}", highs, highs[-1]),
        )  # fmt: skip
    first, last = sorted((lows.index(low or lows[0]), highs.index(high or highs[-1])))
    return None if (first, last) == (0, len(ends) - 1) else Where(factor.name, ends[first][0], ends[last][1])
