"""Controls of the factor pages: which protocol, which factor on which role, which images; all of it in the URL."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import streamlit as st

from core import store
from core.answers import catalogue
from core.answers.cards import card_of
from core.answers.questions import Question, Where, factor_of
from core.types import Factor, FactorValue
from core.wording import short_label, value
from pages.shared.page import cached, text

ALL = "all"
#: What a protocol varies, by the name of the protocol; the first factor decides which benchmark it is.
PROTOCOLS: dict[str, tuple[str, ...]] = {
    "location": ("x", "y"),
    "size": ("area",),
    "rotation": ("angle_deg",),
    "pose": ("yaw_deg",),
}
POLICIES = {"top1": "Top-1", "top5": "Top-5"}
#: A factor with more values than this cannot have a line for each.
MOST_LINES = 6


@dataclass(frozen=True)
class Controls:
    """What is chosen above the figures.

    Attributes:
        view: ``all`` or a protocol.
        question: Policy and filters, without ``by``.
        normalise: Whether curves are divided by their own maximum.
        log: Whether areas are on a log axis.
        compare: Whether the paired difference of the first two models is shown.
    """

    view: str
    question: Question
    normalise: bool
    log: bool
    compare: bool

    @property
    def measure(self) -> str:
        """What is on the axis of accuracies."""
        name = self.question.policy.replace("top", "top-")
        return f"{name} / own maximum" if self.normalise else name


@dataclass(frozen=True)
class Roles:
    """What each varying factor of a benchmark is.

    Attributes:
        axis: One factor, or x and y for a map.
        lines: Factor with a line for each value, or None.
        where: Conditions of the sliders.
    """

    axis: tuple[Factor, ...]
    lines: Factor | None
    where: tuple[Where, ...]


def protocols(family: str) -> dict[str, str]:
    """Benchmark key by protocol, of a family, in the order of ``PROTOCOLS``."""
    keys = [key for key in catalogue.known_benchmarks() if catalogue.family_of(key) == family]
    found = {}
    for name, factors in PROTOCOLS.items():
        key = next((key for key in keys if factors[0] in catalogue.varied(catalogue.benchmark_class(key))[:1]), None)
        if key:
            found[name] = key
    return found


def controls(found: Mapping[str, str], run: store.Run, n_models: int) -> Controls:
    """The row of controls above the figures.

    Args:
        found: From ``protocols``.
        run: Any run of the family; its classes are offered as a filter.
        n_models: How many models are chosen.
    """
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        view = st.segmented_control(
            "View", [ALL, *found], default=ALL, format_func=str.capitalize, key="view", bind="query-params",
            label_visibility="collapsed",
        )  # fmt: skip
        policy = st.segmented_control(
            "Right if", list(POLICIES), default="top1", format_func=POLICIES.__getitem__, key="policy",
            bind="query-params", label_visibility="collapsed",
        )  # fmt: skip
        with st.popover("Axes", icon=":material/tune:"):
            log = st.toggle("Areas on a log axis", value=False, key="log", bind="query-params")
            normalise = st.toggle(
                "Normalise to own maximum", value=False, key="norm", bind="query-params",
                help="Each curve divided by its largest value: compares shapes, not levels.",
            )  # fmt: skip
        where = _filters(run)
        compare = n_models > 1 and st.toggle(
            "Difference", value=False, key="diff", bind="query-params",
            help="Second model less first, on the images both have, with a paired bootstrap interval.",
        )  # fmt: skip
        _about([benchmark for name, benchmark in found.items() if view in (ALL, None, name)])
    question = Question(policy=policy if policy in POLICIES else "top1", where=where)
    return Controls(view or ALL, question, bool(normalise), bool(log), bool(compare))


def _about(keys: Sequence[str]) -> None:
    text.about([catalogue.benchmark_class(key).card() for key in keys])


def _filters(run: store.Run) -> tuple[Where, ...]:
    """Class, share inside the image and area; nothing chosen is no condition."""
    where: list[Where] = []
    active = len(st.session_state.get("cls", [])) + sum(
        tuple(st.session_state.get(key, (0, 100))) != (0, 100) for key in ("inside", "areas")
    )
    with st.popover(f"Filters · {active}" if active else "Filters", icon=":material/filter_alt:"):
        classes = cached.levels(run, factor_of(run, "class"))
        picked = st.multiselect("Classes", classes, key="cls", bind="query-params", placeholder="All classes")
        if picked:
            where.append(Where("class", values=tuple(sorted(picked))))
        for name, key, label in (
            ("pct_inside_image", "inside", "Share of the object's box inside the image"),
            ("area", "areas", "Object area / image area"),
        ):
            if card_of(run).factor(name) is None:
                continue
            low, high = st.slider(label, 0, 100, (0, 100), 1, format="%d %%", key=key, bind="query-params")
            if (low, high) != (0, 100):
                where.append(Where(name, low / 100, high / 100))
    return tuple(where)


def roles(run: store.Run, protocol: str) -> Roles:
    """Axis, lines and sliders of one protocol's benchmark.

    Args:
        run: Its varying factors are offered.
        protocol: Its factors are the axis by default.
    """
    varying = _varying(run)
    offered = _axes(varying, PROTOCOLS[protocol])
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        axis = st.selectbox("Axis", list(offered), key=f"axis_{protocol}", bind="query-params", width=190)
        chosen = offered[axis or next(iter(offered))]
        others = [factor for factor in varying if factor not in chosen]
        lines = _lines(run, protocol, [factor for factor in others if len(cached.levels(run, factor)) <= MOST_LINES])
        where = [_slider(run, protocol, factor) for factor in others if factor != lines and factor.kind != "category"]
    return Roles(chosen, lines, tuple(part for part in where if part is not None))


def _varying(run: store.Run) -> list[Factor]:
    """Factors that the benchmark reports by and that have more than one value in this result."""
    card = card_of(run)
    reported = {name for table in card.tables for name in table.by}
    return [factor for factor in card.factors if factor.name in reported and len(cached.levels(run, factor)) > 1]


def _axes(varying: Sequence[Factor], first: tuple[str, ...]) -> dict[str, tuple[Factor, ...]]:
    """What can be the axis: the map of x and y, and each other factor; the protocol's own comes first."""
    by_name = {factor.name: factor for factor in varying}
    choices = [("x", "y")] if {"x", "y"} <= set(by_name) else []
    choices += [(name,) for name in by_name]
    choices.sort(key=lambda names: names[0] != first[0] or len(names) != len(first))
    named = {", ".join(short_label(by_name[name]) for name in names): names for names in choices}
    return {label: tuple(by_name[name] for name in names) for label, names in named.items()}


def _lines(run: store.Run, protocol: str, offered: Sequence[Factor]) -> Factor | None:
    names = {short_label(factor): factor for factor in offered if factor.kind != "category"}
    if not names:
        return None
    picked = st.selectbox(
        "A line for each", ["none", *names], index=1, key=f"lines_{protocol}", bind="query-params", width=150
    )
    return names.get(picked or "none")


def _slider(run: store.Run, protocol: str, factor: Factor) -> Where | None:
    """A factor as a slider: all values together, or one."""
    levels = _named(factor, cached.levels(run, factor))
    picked = st.select_slider(
        short_label(factor), [ALL, *levels], key=f"at_{protocol}_{factor.name}", bind="query-params", width=200
    )
    return Where.equals(factor.name, levels[picked]) if picked in levels else None


def _named(factor: Factor, levels: Sequence[FactorValue]) -> dict[str, FactorValue]:
    """Values by what a reader sees; in full where two would read the same."""
    said = [value(factor, level) for level in levels]
    return {
        name if said.count(name) == 1 else factor.text(level): level for name, level in zip(said, levels, strict=True)
    }
