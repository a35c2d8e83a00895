"""The checks of a gate file: which number of which run, and its limit; every wrong word is named with its place."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal

from core.errors import UsageError, nearest
from core.gate.reading import Node, read
from core.metrics.accuracy import POLICIES
from core.metrics.intervals import CONFIDENCE
from core.types import Policy

Bound = Literal["min", "max", "max_drop", "max_rise"]
BOUNDS: tuple[Bound, ...] = ("min", "max", "max_drop", "max_rise")
#: Those that are of the change from a baseline.
PAIRED: tuple[Bound, ...] = ("max_drop", "max_rise")
TREATMENTS = ("pass", "fail")
#: What a file may say once for all of its checks, and a check for itself.
_SHARED = ("model", "baseline", "benchmark", "view", "precision", "policy", "data")
_TOP = (*_SHARED, "confidence", "inconclusive", "checks")
_OWN = (*_SHARED, "name", "number", "where", *BOUNDS)
#: Checks of a file at the most: of thousands, none would be decided.
MOST_CHECKS = 500
_FORMS = (
    *("accuracy", "top1", "top5", "restricted", "top1 by FACTOR", "worst FACTOR"),
    *("centre to corner", "centre to edge", "gap ATTRIBUTE", "negative_flips"),
)
_AMOUNT = re.compile(r"([-+−]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)\s*(%|percent|points?|pts?|pp)?")


@dataclass(frozen=True)
class Number:
    """What is checked.

    Attributes:
        kind: ``accuracy``, ``worst`` (the lowest accuracy of a factor's values), ``border`` (change from centre to
            corner or edge), ``gap`` (common less uncommon), ``groups`` (change from one to another), ``flips`` (images
            that the baseline has right and the model wrong), or ``cell`` of a report's table.
        name: The factor, region, attribute or table.
        row: What names a cell's row, by column.
        column: Of the cell; the accuracy, or the first with an interval, by default.
        groups: Conditions of the two groups.
        policy: What counts as right, where the number's name says so.
        said: In words.
    """

    kind: Literal["accuracy", "worst", "border", "gap", "groups", "flips", "cell"]
    said: str
    name: str = ""
    row: Mapping[str, Node] = field(default_factory=dict)
    column: str = ""
    groups: tuple[Mapping[str, Node], ...] = ()
    policy: str = ""


@dataclass(frozen=True)
class Check:
    """A number with a limit.

    Attributes:
        name: What reports call it.
        model: As it was typed.
        baseline: Another model on the same images; empty where none is needed.
        benchmark: Key.
        view: Of both runs.
        precision: Of both runs; any by default.
        policy: What counts as right; by default as the benchmark is scored.
        data: The benchmark's folder, where it is to be run; the one remembered by default.
        number: What is checked.
        where: Conditions that an image must meet, by factor.
        bound: Kind of the limit.
        limit: A fraction, or a table's own unit.
        places: Where its parts stand in the file.
    """

    name: str
    model: str
    baseline: str
    benchmark: str
    view: str
    precision: str
    policy: Policy | None
    data: str | None
    number: Number
    where: Mapping[str, Node]
    bound: Bound
    limit: float
    places: Mapping[str, Node] = field(repr=False, default_factory=dict)

    @property
    def is_lower(self) -> bool:
        """Whether what is shown must be at least ``threshold``, not at most."""
        return self.bound in ("min", "max_drop")

    @property
    def threshold(self) -> float:
        """What is shown is held against: the number's limit, or that of its change."""
        return -self.limit if self.bound == "max_drop" else self.limit

    @property
    def is_percent(self) -> bool:
        """Whether a cell's number is a share that is shown as a percentage."""
        return "%" in self.places[self.bound].text or self.number.column.startswith("top")

    @property
    def needs_baseline(self) -> bool:
        """Whether it compares two runs."""
        return self.bound in PAIRED or self.number.kind == "flips"


@dataclass(frozen=True)
class Gate:
    """A gate file.

    Attributes:
        checks: In the order of the file.
        confidence: Of all verdicts together, 0..1.
        inconclusive: What an inconclusive check counts as: ``pass``, ``fail``, or neither where empty.
    """

    checks: tuple[Check, ...]
    confidence: float = CONFIDENCE
    inconclusive: str = ""


def open_gate(path: Path) -> Gate:
    """The checks of a file.

    Raises:
        UsageError: If it cannot be read, or a word in it is unknown; says where, and what is nearest.
    """
    return gate_of(read(path))


def gate_of(root: Node) -> Gate:
    """See ``open_gate``; of what a file holds."""
    top = _mapping(root, "a gate file", _TOP)
    if "checks" not in top:
        raise root.error("there is no 'checks:', a list of what to check.")
    listed = top["checks"]
    if not isinstance(listed.value, list) or not listed.value:
        raise listed.error("'checks' must be a list of checks, one '- name: …' each.")
    if len(listed.value) > MOST_CHECKS:
        raise listed.error(f"{len(listed.value):,} checks are too many to be decided together: {MOST_CHECKS} at most.")
    checks = [_check(node, top) for node in listed.value]
    seen: dict[str, Node] = {}
    for at, node in enumerate(listed.value):
        if checks[at].name in seen and "name" not in node.value:
            checks[at] = replace(checks[at], name=f"{checks[at].name} ({checks[at].bound})")
        check = checks[at]
        if check.name in seen:
            raise node.error(
                f"the check of line {seen[check.name].line} is called '{check.name}' too: give it another name."
            )
        seen[check.name] = node
    return Gate(tuple(checks), _confidence(top.get("confidence")), _treatment(top.get("inconclusive")))


def _mapping(node: Node, what: str, known: tuple[str, ...]) -> dict[str, Node]:
    if not isinstance(node.value, dict):
        raise node.error(f"{what} is a mapping of names to values, such as '{known[0]}: …'.")
    for name in node.value:
        if name not in known:
            raise node.keys[name].error(f"{what} has no '{name}'.{nearest(name, known)} Known: {', '.join(known)}.")
    return node.value


def _check(node: Node, top: Mapping[str, Node]) -> Check:
    own = _mapping(node, "a check", _OWN)
    given = {name: value for name, value in {**top, **own}.items() if name in _OWN}
    if "number" not in own:
        raise node.error(f"a check needs a 'number': {', '.join(_FORMS)}, or a table's cell.")
    number, benchmark = _number(own["number"], _text(given, "benchmark"), is_own="benchmark" in own)
    bounds = [name for name in BOUNDS if name in own]
    if len(bounds) != 1:
        has = f"this one has {' and '.join(bounds)}" if bounds else "this one has none"
        raise node.error(f"a check has one limit, {', '.join(BOUNDS[:-1])} or {BOUNDS[-1]}; {has}.")
    bound = bounds[0]
    _require_fit(own[bound], number, bound)
    limit = _limit(own[bound], number, bound)
    model, baseline = _text(given, "model"), _text(given, "baseline")
    for name, value in (("model", model), ("benchmark", benchmark)):
        if not value:
            raise node.error(f"a check needs a '{name}', of its own or at the top of the file.")
    if (bound in PAIRED or number.kind == "flips") and not baseline:
        asks = f"'{bound}'" if bound in PAIRED else "'negative_flips'"
        raise own[bound].error(f"{asks} is against a baseline: name one with 'baseline: MODEL'.")
    policy = _text(given, "policy")
    if policy and policy not in POLICIES:
        raise given["policy"].error(f"no policy '{policy}'.{nearest(policy, POLICIES)} Known: {', '.join(POLICIES)}.")
    if number.policy and policy not in ("", number.policy) and "policy" in own:
        raise own["policy"].error(f"the policy {policy} contradicts the number '{number.said}': leave one out.")
    policy = number.policy or policy
    where = own["where"].value if "where" in own else {}
    if not isinstance(where, dict):
        raise own["where"].error("'where' is a mapping of factors to values, such as {place: street}.")
    conditions = ", ".join(f"{name} {_shown(value)}" for name, value in where.items())
    said = f"{benchmark} {number.said}" + (f" where {conditions}" if conditions else "")
    return Check(
        name=_text(own, "name") or said,
        model=model,
        baseline=baseline,
        benchmark=benchmark,
        view=_text(given, "view") or "clean",
        precision=_text(given, "precision"),
        policy=policy or None,
        data=_text(given, "data") or None,
        number=number,
        where=where,
        bound=bound,
        limit=limit,
        places={"check": node, **given},
    )


def _text(given: Mapping[str, Node], name: str) -> str:
    """A plain value as it was typed; empty where it is not given."""
    node = given.get(name)
    if node is None:
        return ""
    if isinstance(node.value, dict | list) or node.value is None or not node.text.strip():
        raise node.error(f"'{name}' must be a text.")
    return node.text.strip()


def _number(node: Node, benchmark: str, *, is_own: bool) -> tuple[Number, str]:
    """What is checked, and of which benchmark where the text begins with one."""
    if isinstance(node.value, dict):
        return _number_of_parts(node), benchmark
    words = _text({"number": node}, "number").split()
    found = _number_of_words(words)
    if found is None and len(words) > 1 and (not is_own or words[0] == benchmark):
        found, benchmark = _number_of_words(words[1:]), words[0]
    if found is None:
        said = " ".join(words)
        raise node.error(f"no number '{said}'.{nearest(said, _FORMS)} Known: {', '.join(_FORMS)}.")
    return found, benchmark


def _number_of_words(words: list[str]) -> Number | None:
    match [word.lower().replace("top-", "top") for word in words[:2]] + words[2:]:
        case ["accuracy"]:
            return Number("accuracy", "accuracy")
        case [("top1" | "top5" | "restricted") as policy]:
            return Number("accuracy", policy, policy=policy)
        case ["top1", "by", factor]:
            return Number("worst", f"top1 by {factor}", factor, policy="top1")
        case ["worst", _]:
            return Number("worst", f"worst {words[1]}", words[1])
        case [("centre" | "center"), "to", ("corner" | "edge") as region]:
            return Number("border", f"centre to {region}", region)
        case ["gap", _]:
            return Number("gap", f"gap {words[1]}", words[1])
        case ["negative_flips"] | ["negative-flips"] | ["negative", "flips"]:
            return Number("flips", "negative_flips")
    return None


def _number_of_parts(node: Node) -> Number:
    parts = _mapping(node, "a number in parts", ("table", "row", "column", "from", "to"))
    if "from" in parts or "to" in parts:
        if set(parts) != {"from", "to"}:
            raise node.error("a contrast has 'from' and 'to', a mapping of factors to values each.")
        for each in parts.values():
            if not isinstance(each.value, dict) or not each.value:
                raise each.error("a group is a mapping of factors to values, such as {time: day}.")
        groups = (parts["from"].value, parts["to"].value)
        words = (", ".join(f"{name} {_shown(value)}" for name, value in group.items()) for group in groups)
        return Number("groups", " to ".join(words), groups=groups)
    if "table" not in parts:
        raise node.error("a number in parts has 'table' with 'row' and 'column', or 'from' and 'to'.")
    row = parts["row"].value if "row" in parts else {}
    if not isinstance(row, dict):
        raise parts["row"].error("'row' is a mapping of columns to values, such as {class: dog}.")
    name, column = _text(parts, "table"), _text(parts, "column")
    said = " ".join([name, *(f"{key} {_shown(value)}" for key, value in row.items()), *([column] if column else [])])
    return Number("cell", said, name, row, column)


def _shown(node: Node) -> str:
    if isinstance(node.value, list):
        return "|".join(map(_shown, node.value))
    if isinstance(node.value, dict):
        return " ".join(f"{name} {_shown(value)}" for name, value in node.value.items())
    return node.text


def _require_fit(node: Node, number: Number, bound: Bound) -> None:
    """Refuse a limit that a number does not have."""
    fits: tuple[Bound, ...] = BOUNDS
    if number.kind == "worst":
        fits = ("min", "max_drop")
    elif number.kind == "flips":
        fits = ("max",)
    elif number.kind == "cell":
        fits = ("min", "max")
    if bound not in fits:
        paired = number.kind == "cell" and bound in PAIRED
        more = " A change is of 'number: accuracy' with the row as 'where'." if paired else ""
        raise node.error(f"'{number.said}' takes {' or '.join(fits)} as its limit, not '{bound}'.{more}")


def _limit(node: Node, number: Number, bound: Bound) -> float:
    found = amount(node, free=number.kind == "cell")
    low = -1.0 if number.kind in ("border", "gap", "groups") and bound not in PAIRED else 0.0
    if number.kind != "cell" and not low <= found <= 1:
        raise node.error(
            f"the limit {node.text} is not between {'−100 %' if low else '0 %'} and 100 %: write a fraction such as "
            "0.9, or a percentage such as 90 %."
        )
    return found


def amount(node: Node, *, free: bool = False) -> float:
    """A fraction from ``0.9``, ``90 %`` or ``5 points``.

    Args:
        node: What was typed.
        free: Whether it may be any finite number.

    Raises:
        UsageError: If it is none.
    """
    typed = _AMOUNT.fullmatch(node.text.strip()) if isinstance(node.value, str | float) else None
    found = float(typed[1].replace("−", "-")) / (100 if typed[2] else 1) if typed else math.nan
    if not math.isfinite(found):
        shown = node.text or ("nothing" if node.value is None else "a list or mapping")
        raise node.error(f"{shown[:40]} is no amount: write 0.9, 90 %{'' if free else ' or 5 points'}.")
    return found


def _confidence(node: Node | None) -> float:
    if node is None:
        return CONFIDENCE
    found = amount(node)
    if not 0.5 <= found <= 0.9999:
        raise node.error(f"the confidence {node.text} is not between 50 % and 99.99 %; 95 % is usual.")
    return found


def _treatment(node: Node | None) -> str:
    if node is None:
        return ""
    said = _text({"inconclusive": node}, "inconclusive")
    if said not in TREATMENTS:
        raise node.error(f"'inconclusive' is pass or fail, not '{said}'.{nearest(said, TREATMENTS)}")
    return said


def treatment(given: str | None, gate: Gate) -> str:
    """What inconclusive checks count as: by the command line, else by the file.

    Raises:
        UsageError: If the command line says something else than ``pass`` or ``fail``.
    """
    if given is not None and given not in TREATMENTS:
        raise UsageError(f"--inconclusive '{given}' is unknown.{nearest(given, TREATMENTS)} Known: pass, fail.")
    return given or gate.inconclusive
