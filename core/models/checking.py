"""Whether what a classifier says of a few pictures looks alive: numbers, differences, certainty, the order of classes.

Nothing here runs a network: ``check_outputs`` judges logits, ``better_shown`` those of other ways to show the same
pictures. The bounds lie between 16 untrained networks and eight trained ones, on the pictures of
``core.explain.health``: of those trained, the mean entropy is at most 0.65 of a uniform answer's, and logits vary at
least 0.65 times as much between pictures as between classes; of those untrained, one of the two is beyond its bound.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from core.wording import count

Level = Literal["ok", "info", "warn", "bad"]
#: Classes among which the right one counts, and the number of classes from which on; the best one alone below.
_TOP, _MANY = 5, 100
#: Hits that are as likely as this without knowing anything confirm the order of classes; for one of several ways to
#: show pictures, this divided by their number.
_BY_CHANCE, _SURELY_NOT = 0.01, 0.001
#: Share of the entropy of a uniform answer, in the mean over pictures.
_UNIFORM = 0.95
#: Standard deviation of logits over pictures by that over classes.
_STILL = 0.5
#: Of every picture, what the best class has at least.
_CERTAIN = 0.9999
#: Outputs that are equal but for rounding, by the largest.
_EQUAL = 1e-6
#: What such pictures cannot tell: five trained networks are right about most of them all the same.
_NOT_SEEN = "; small faults of preprocessing, such as another mean or red and blue exchanged, do not show here"
#: What rows of probabilities may miss one by.
_SUM = 1e-3
#: So far below the best, always, lie classes that a reduced head has no output for; see ``core.models.heads``.
_ABSENT = 1e3


@dataclass(frozen=True)
class Finding:
    """What a check says of one thing.

    Attributes:
        about: ``numbers``, ``pictures``, ``probabilities``, ``certainty``, ``order`` or ``preprocessing``.
        level: ``ok``, ``info`` where nothing can be told, ``warn``, or ``bad``: not alive.
        said: In a sentence without its full stop.
    """

    about: str
    level: Level
    said: str


def is_alive(findings: Sequence[Finding]) -> bool:
    """Whether nothing is bad."""
    return all(finding.level != "bad" for finding in findings)


def is_sure(findings: Sequence[Finding]) -> bool:
    """Whether that nothing is bad says something: what is odd is no sign where pictures are recognised."""
    is_confirmed = any(each.about == "order" and each.level == "ok" for each in findings)
    return is_confirmed or all(each.level != "warn" for each in findings)


def verdict(findings: Sequence[Finding]) -> str:
    """What all findings come to, in words that follow a model's name."""
    if not is_alive(findings):
        return "does not look alive"
    return "looks alive" if is_sure(findings) else "may be alive or not: these pictures do not tell"


def check_outputs(
    logits: np.ndarray, expected: Sequence[Collection[int]], *, are_known_to_be_seen: bool = True
) -> list[Finding]:
    """What a classifier's outputs for some pictures, all different, say about it.

    Args:
        logits: (N, classes).
        expected: Classes that are right, by picture; empty where that is not known.
        are_known_to_be_seen: Whether networks of such classes are known to recognise these pictures, so that one that
            does not is at fault. A network that tells tumours from tissue says the same of all trucks.

    Returns:
        A finding a thing, in the order in which they should be read.
    """
    values = np.asarray(logits, dtype=np.float64)
    n_broken = int((~np.isfinite(values)).any(axis=1).sum())
    if n_broken:
        said = f"outputs for {n_broken} of {count(len(values), 'picture')} are not all finite numbers (NaN or infinite)"
        return [Finding("numbers", "bad", said)]
    if values.shape[1] < 2:
        return [Finding("numbers", "bad", "one output alone tells no classes apart")]
    doubt: Level = "bad" if are_known_to_be_seen else "warn"
    order = _order(values, expected, doubt)
    values = _there(values)
    if is_confirmed := order.level == "ok":
        doubt = "warn"
    are_probabilities = _are_probabilities(values)
    found = [Finding("numbers", "ok", "all outputs are finite numbers"), _pictures(values, doubt, is_confirmed)]
    found.append(_probabilities(are_probabilities=are_probabilities))
    # What comes out of a second softmax is always nearly uniform, and says nothing more.
    logarithms = np.log(np.clip(values, 1e-30, None)) if are_probabilities else values
    return [*found, _certainty(_softmax(logarithms), doubt, is_confirmed), order]


def better_shown(shown: Mapping[str, np.ndarray], expected: Sequence[Collection[int]]) -> Finding | None:
    """Whether pictures shown in another way are recognised beyond doubt; for models that do not recognise them.

    Args:
        shown: Logits (N, classes) by what was done otherwise, in words.
        expected: Classes that are right, by picture.

    Returns:
        The way with most pictures right, all of them where several have as many; None if none is beyond doubt.
    """
    surely: list[tuple[str, _Recognised]] = []
    for words, logits in shown.items():
        values = np.asarray(logits, dtype=np.float64)
        if np.isfinite(values).all():
            likely = _recognised(values, expected)
            if likely.by_chance < _SURELY_NOT / len(shown):
                surely.append((words, likely))
    most = max((likely.n_hits for _, likely in surely), default=0)
    best = [(words, likely) for words, likely in surely if likely.n_hits == most]
    if not best:
        return None
    ways = ", or ".join(words for words, _ in best)
    return Finding(
        "preprocessing", "bad", f"{ways}, {best[0][1].said}: give the model the preprocessing of its training"
    )


@dataclass(frozen=True)
class _Recognised:
    n_hits: int
    n: int
    top: int
    expected: float
    #: So many hits or more, by lot.
    by_chance: float
    #: All pictures, of a network that says the same of those that show the same.
    all_by_chance: float

    @property
    def said(self) -> str:
        among = "by the best class" if self.top == 1 else f"among the best {self.top}"
        return f"{self.n_hits} of {count(self.n, 'picture')} {'is' if self.n_hits == 1 else 'are'} right {among}"


def _recognised(values: np.ndarray, expected: Sequence[Collection[int]]) -> _Recognised:
    n_classes = values.shape[1]
    top = _TOP if n_classes >= _MANY else 1
    best = np.argsort(-values, axis=1, kind="stable")[:, :top]
    known = [(set(map(int, row)), set(right)) for row, right in zip(best, expected, strict=True) if right]
    hits = sum(bool(row & right) for row, right in known)
    chances = [1 - math.comb(n_classes - len(right), top) / math.comb(n_classes, top) for _, right in known]
    alike: dict[frozenset[int], list[set[int]]] = {}
    for row, right in known:
        alike.setdefault(frozenset(right), []).append(row)
    by_lot, best_by_lot, left = np.ones(1), 1.0, n_classes
    for right, rows in alike.items():
        by_lot = np.convolve(by_lot, _hits_by_lot(rows, len(right), n_classes))
        # The class of another thing is not drawn again, which counts where classes are few.
        left -= 1
        best_by_lot *= 1 - math.comb(left + 1 - len(right), top) / math.comb(left + 1, top) if left >= top else 1
    return _Recognised(hits, len(known), top, sum(chances), float(by_lot[hits:].sum()), best_by_lot)


def _hits_by_lot(rows: Sequence[Collection[int]], n_right: int, n_classes: int) -> np.ndarray:
    """The probability of each number of hits among pictures of one thing, if the right classes were drawn by lot.

    Pictures of one thing are right or wrong together as far as the same classes are said of them: a network that says
    the same of all has one chance, not one a picture.

    Args:
        rows: The classes among which a right one counts, by picture.
        n_right: Classes that are right.
        n_classes: Of which they are drawn.

    Returns:
        float (pictures + 1,).

    Source: the principle of inclusion and exclusion (Jordan's formula), over the pictures that are missed.
    """
    n, every = len(rows), math.comb(n_classes, n_right)
    missed = [
        sum(math.comb(n_classes - len(set().union(*part)), n_right) for part in itertools.combinations(rows, size))
        for size in range(n + 1)
    ]
    exactly = [
        sum((-1) ** (size - m) * math.comb(size, m) * missed[size] for size in range(m, n + 1)) for m in range(n + 1)
    ]
    # Whole numbers until here: nothing is lost where they nearly cancel.
    return np.array([each / every for each in reversed(exactly)])


def _order(values: np.ndarray, expected: Sequence[Collection[int]], missed: Level) -> Finding:
    if not any(expected):
        said = "no labelled picture comes with the project for these classes: their order and accuracy cannot be told"
        return Finding("order", "info", said)
    found = _recognised(values, expected)
    said = f"{found.said}, where classes in an order drawn by lot give {found.expected:.1f}"
    if found.all_by_chance >= _BY_CHANCE:
        return Finding("order", "info", f"{said}: too few to tell an order that fits from luck")
    if found.by_chance < _BY_CHANCE:
        return Finding("order", "ok", f"{said}: the order of classes fits{_NOT_SEEN}")
    why = "the classes are in another order, the preprocessing is not the training's, or the weights are not trained"
    drawn = "" if missed == "bad" else "; or it was trained on what looks unlike these pictures, which are drawn"
    return Finding("order", missed, f"{said}: {why}{drawn}")


def _pictures(values: np.ndarray, doubt: Level, is_confirmed: bool) -> Finding:
    n = len(values)
    differences = np.abs(values - values[0]).max(axis=1)
    if n > 1 and differences.max() <= _EQUAL * np.abs(values).max():
        return Finding("pictures", "bad", f"a dead network: the same outputs for {n} different pictures")
    n_unlike = len(np.unique(values, axis=0))
    if n_unlike < n:
        return Finding("pictures", "warn", f"only {n_unlike} different outputs for {n} different pictures")
    centred = values - values.mean(axis=1, keepdims=True)
    share = _share(float(centred.std(axis=0).mean()), float(centred.mean(axis=0).std()))
    if n > 1 and share < _STILL and not is_confirmed:
        said = (
            f"logits vary {share:.2f} times as much between pictures as between classes; of trained networks, above 0.6"
        )
        why = "looks untrained" if doubt == "bad" else "looks untrained, or the pictures are unlike all that it knows"
        return Finding("pictures", doubt, f"{why}: what it says hardly depends on the picture ({said})")
    return Finding("pictures", "ok", f"different outputs for {count(n, 'different picture')}")


def _there(values: np.ndarray) -> np.ndarray:
    """The columns of classes that the network has an output for."""
    kept = values[:, ~(values < values.max(axis=1, keepdims=True) - _ABSENT).all(axis=0)]
    return kept if kept.shape[1] > 1 else values


def _share(over_pictures: float, over_classes: float) -> float:
    return over_pictures / over_classes if over_classes > 0 else math.inf


def _are_probabilities(values: np.ndarray) -> bool:
    return bool((values >= 0).all() and (values <= 1 + _SUM).all() and (np.abs(values.sum(axis=1) - 1) < _SUM).all())


def _probabilities(*, are_probabilities: bool) -> Finding:
    if not are_probabilities:
        return Finding("probabilities", "ok", "outputs are logits, not probabilities already")
    said = (
        "outputs are between 0 and 1 and sum to 1: they are probabilities already, and a softmax is taken of them again"
    )
    return Finding("probabilities", "bad", f"{said}; let the network end before its softmax")


def _certainty(probabilities: np.ndarray, doubt: Level, is_confirmed: bool) -> Finding:
    n_classes = probabilities.shape[1]
    logarithms = np.log(np.clip(probabilities, 1e-30, None))
    share = float((-(probabilities * logarithms).sum(axis=1) / math.log(n_classes)).mean())
    best = probabilities.max(axis=1)
    if share >= _UNIFORM:
        said = f"probabilities are nearly uniform (entropy {_percent(share)} of the largest possible)"
        why = (
            "a scale of its logits is missing"
            if is_confirmed
            else "looks untrained, or a scale of its logits is missing"
        )
        return Finding("certainty", doubt, f"{said}: {why}")
    if best.min() >= _CERTAIN:
        said = f"every answer is certain (the best class has at least {_percent(float(best.min()), 2)})"
        why = "its probabilities say nothing of how sure it is; a scale of its logits is perhaps applied twice"
        return Finding("certainty", doubt, f"{said}: {why}")
    return Finding(
        "certainty", "ok", f"the best class has {_percent(float(best.mean()))} on average: neither uniform nor certain"
    )


def _softmax(values: np.ndarray) -> np.ndarray:
    powers = np.exp(values - values.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)


def _percent(share: float, digits: int = 1) -> str:
    return f"{100 * share:.{digits}f} %"
