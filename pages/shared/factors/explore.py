"""Controls of the factor pages: which protocol, which factor on which role, which images; all of it in the URL."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import streamlit as st

from core import store
from core.answers import catalogue, protocols
from core.answers.cards import card_of
from core.answers.questions import Question, Where, factor_of
from core.types import Factor, FactorValue
from core.wording import short_label, value
from pages.shared.page import address, cached, text

ALL = "all"
#: What the page's title means.
HINT = "Size, location, rotation, or any other factor"
#: The view by any factors.
FACTORS = "factors"
POLICIES = {"top1": "Top-1", "top5": "Top-5"}
#: What is shown of two models, as the address has it.
ACCURACY, DIFFERENCE, FLIPS = "0", "1", "flips"
OF_TWO = {ACCURACY: "Accuracy", DIFFERENCE: "Difference", FLIPS: "Broken & fixed"}
_VIEWS = {FACTORS: "By factors"}
#: A factor with more values than this cannot have a line for each.
MOST_LINES = 6


@dataclass(frozen=True)
class Controls:
    """What is chosen above the figures.

    Attributes:
        view: ``all``, a protocol, or ``factors``.
        question: Policy and filters, without ``by``.
        normalise: Whether curves are divided by their own maximum.
        log: Whether areas are on a log axis.
        compare: Whether the paired difference of the first two models is shown.
        flips: Whether what the second of them breaks and fixes is shown.
        stretched: Whether the colours of maps run from the lowest to the highest value and not from 0 to 100 %.
    """

    view: str
    question: Question
    normalise: bool
    log: bool
    compare: bool
    stretched: bool = False
    flips: bool = False

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


def controls(found: Mapping[str, str], run: store.Run, n_models: int) -> Controls:
    """The row of controls above the figures.

    Args:
        found: From ``protocols.of_family``.
        run: Any run of the family; its classes are offered as a filter.
        n_models: How many models are chosen.
    """
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        view = st.segmented_control(
            "View", [ALL, *found, FACTORS], format_func=lambda name: _VIEWS.get(name, name.capitalize()),
            label_visibility="collapsed", **address.one("view", [ALL, *found, FACTORS], ALL),
        )  # fmt: skip
        policy = st.segmented_control(
            "Right if", list(POLICIES), format_func=POLICIES.__getitem__, label_visibility="collapsed",
            **address.one("policy", list(POLICIES), "top1", kept=True),
        )  # fmt: skip
        with st.popover("Axes", icon=":material/tune:"):
            log = st.toggle("Areas on a log axis", **address.switch("log", default=True, kept=True))
            normalise = st.toggle(
                "Normalise to own maximum",
                help="Each curve divided by its largest value: compares shapes, not levels.",
                **address.switch("norm"),
            )
            stretched = stretch()
        # The view by any factors has filters of its own.
        where = _filters(run) if view != FACTORS else ()
        between = of_two(n_models)
        _about([benchmark for name, benchmark in found.items() if view in (ALL, FACTORS, None, name)])
    question = Question(policy=policy if policy in POLICIES else "top1", where=where)
    compare, flips = between == DIFFERENCE, between == FLIPS
    return Controls(view or ALL, question, bool(normalise), bool(log), compare, bool(stretched), flips)


def stretch() -> bool:
    """The switch of a map's colours."""
    return st.toggle(
        "Stretch the colours of maps",
        help="Colours run from 0 to 100 %, so that a colour means the same on every map. Stretched, they run "
        "from the lowest to the highest value shown, which brings out small differences.",
        **address.switch("stretch", kept=True),
    )


def of_two(n_models: int) -> str:
    """What is shown of two models: each one's accuracy, their difference, or what the second breaks and fixes."""
    if n_models < 2:
        return ACCURACY
    picked = st.segmented_control(
        "Shown of two models", list(OF_TWO), format_func=OF_TWO.__getitem__, label_visibility="collapsed",
        help="Difference: second model less first, on the images both have. Broken & fixed: images that the first "
        "has right and the second wrong, and the other way round.",
        **address.one("diff", list(OF_TWO), ACCURACY, aliases={"true": DIFFERENCE, "false": ACCURACY}),
    )  # fmt: skip
    return picked or ACCURACY


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
        picked = st.multiselect("Classes", classes, placeholder="All classes", **address.many("cls", classes))
        if picked:
            where.append(Where("class", values=tuple(sorted(picked))))
        for name, key, label in (
            ("pct_inside_image", "inside", "Share of the object's box inside the image"),
            ("area", "areas", "Object area / image area"),
        ):
            if card_of(run).factor(name) is None:
                continue
            low, high = st.slider(label, 0, 100, step=1, format="%d %%", **address.span(key, 0, 100))
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
    offered = _axes(varying, protocols.PROTOCOLS[protocol])
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        names = list(offered)
        axis = st.selectbox("Axis", names, width=190, **address.one(f"axis_{protocol}", names, names[0]))
        chosen = offered[axis or names[0]]
        others = [factor for factor in varying if factor not in chosen]
        lines = _lines(protocol, [factor for factor in others if len(cached.levels(run, factor)) <= MOST_LINES])
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


def _lines(protocol: str, offered: Sequence[Factor]) -> Factor | None:
    names = {short_label(factor): factor for factor in offered if factor.kind != "category"}
    if not names:
        return None
    choices = ["none", *names]
    picked = st.selectbox(
        "A line for each", choices, width=150, **address.one(f"lines_{protocol}", choices, choices[0])
    )
    return names.get(picked or "none")


def _slider(run: store.Run, protocol: str, factor: Factor) -> Where | None:
    """A factor as a slider: all values together, or one."""
    levels = _named(factor, cached.levels(run, factor))
    choices = [ALL, *levels]
    picked = st.select_slider(
        short_label(factor), choices, width=200, **address.one(f"at_{protocol}_{factor.name}", choices, ALL)
    )
    return Where.equals(factor.name, levels[picked]) if picked in levels else None


def _named(factor: Factor, levels: Sequence[FactorValue]) -> dict[str, FactorValue]:
    """Values by what a reader sees; in full where two would read the same."""
    said = [value(factor, level) for level in levels]
    return {
        name if said.count(name) == 1 else factor.text(level): level for name, level in zip(said, levels, strict=True)
    }
